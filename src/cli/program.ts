import { readFileSync } from 'node:fs';
import { Command, CommanderError, type Option } from 'commander';
import { callerState } from '../handoff/caller.js';
import { adoptCaller } from '../handoff/caller-state.js';
import { served } from '../handoff/served.js';
import { installed } from '../kernel/installed.js';
import { addBatch } from './batch.js';
import { addCreate } from './create.js';
import { describeCommand } from './description.js';
import { addLs } from './ls.js';
import { write } from './output.js';
import { addProbe } from './probe.js';
import { addReap } from './reap.js';
import { addResize } from './resize.js';
import { addRm } from './rm.js';
import { addServe } from './serve.js';
import { addSwap } from './swap.js';
import { addXenHotplug } from './xen-hotplug.js';

type AddCommand = (program: Command) => void;

/** By their names, in the order of the help. */
const COMMANDS: ReadonlyMap<string, AddCommand> = new Map([
  ['create', addCreate],
  ['swap', addSwap],
  ['batch', addBatch],
  ['probe', addProbe],
  ['ls', addLs],
  ['rm', addRm],
  ['resize', addResize],
  ['reap', addReap],
  ['serve', addServe],
  ['xen-hotplug', addXenHotplug],
]);

export function isCommand(word: string | undefined): boolean {
  return word !== undefined && COMMANDS.has(word);
}

/** Those that have been understood, by their commands: a service needs one again and again, and to declare it takes long, too. */
const understood = new Map<string | undefined, Command>();

/** Does what dmfd's own words say. @throws DmfdError, and CommanderError for what they cannot mean */
export async function parseWords(own: readonly string[]): Promise<void> {
  const meant = isCommand(own[0]) ? own[0] : undefined;
  const command =
    understood.get(meant) ?? program(meant).hook('preAction', (self) => beforeAction(meant, self));
  // A command line with a mistake may leave state behind.
  understood.delete(meant);
  await command.parseAsync(own, { from: 'user' });
}

function beforeAction(meant: string | undefined, command: Command): void {
  understood.set(meant, command);
  if (served() === undefined) adoptCaller(callerState());
}

/**
 * The command line: of the command that is meant alone, since to declare the options of all takes longer than to make a device; of
 * all where none is.
 */
export function program(meant?: string): Command {
  const what =
    'Device-mapper devices that live exactly as long as a file descriptor.\nEvery command needs root (CAP_SYS_ADMIN).';
  const command = describeCommand(new CommandLine('dmfd'), what, [
    'dmfd create --linear disk.img -- mkfs.ext4 {path}',
    'dmfd create --overlay disk.img -- fsck -y {path}',
    'dmfd swap PARTLABEL=swap',
    'dmfd ls',
  ])
    .option('-V, --version', 'output the version number')
    .on('option:version', tellVersion)
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (text) => write(1, text),
      // Said by main.ts, in dmfd's own form.
      writeErr: () => undefined,
    });
  const one = COMMANDS.get(meant ?? '');
  for (const add of one === undefined ? COMMANDS.values() : [one]) add(command);
  return command;
}

/** Where the value of an option may be left out, commander would take the next word for it; here only `--option=VALUE` gives one. */
class CommandLine extends Command {
  override createCommand(name?: string): Command {
    return new CommandLine(name);
  }

  override parseOptions(words: string[]): ReturnType<Command['parseOptions']> {
    return super.parseOptions(writePresets(words, this.options));
  }
}

/** Writes `--option=PRESET` for each option that has no value, and may. */
function writePresets(words: readonly string[], options: readonly Option[]): string[] {
  let isValue = false;
  return words.map((word) => {
    const option = isValue ? undefined : options.find(({ short, long }) => word === short || word === long);
    isValue = option?.required ?? false;
    return option?.optional ? `${word}=${option.presetArg}` : word;
  });
}

function tellVersion(): never {
  const { version } = JSON.parse(readFileSync(installed('package.json'), 'utf8'));
  write(1, `${version}\n`);
  throw new CommanderError(0, 'commander.version', version);
}
