import { readFileSync } from 'node:fs';
import { Command, type Option } from 'commander';
import { addCreate } from './create.js';
import { addLs } from './ls.js';
import { write } from './output.js';
import { addProbe } from './probe.js';
import { addReap } from './reap.js';
import { addSwap } from './swap.js';

/** The whole command line; `commandLength` as in {@link splitArguments}. */
export function program(commandLength: number | undefined): Command {
  const command = new CommandLine('dmfd')
    .description('Device-mapper devices that live exactly as long as a file descriptor.')
    .version(version(), '-V, --version')
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (text) => write(1, text),
      // Said by main.ts, in dmfd's own form.
      writeErr: () => undefined,
    });
  addCreate(command, commandLength);
  addSwap(command);
  addProbe(command);
  addLs(command);
  addReap(command);
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

function version(): string {
  // Two folders up from here, and from the bundle in dist/command as well.
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
