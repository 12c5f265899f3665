import { callerArguments, callerDescriptors, callerEnvironment, callerState } from '../handoff/caller.js';
import { callerDescriptorAt, canBeReadAgain } from '../handoff/caller-descriptor.js';
import type { Command } from '../handoff/command.js';
import { lowestFree } from '../handoff/descriptors.js';
import { findCommand } from '../handoff/find-command.js';
import { FIRST_LISTEN_FD, inheritedNames } from '../handoff/listen.js';
import { unfilledPlaceholders } from '../handoff/placeholders.js';
import { askedPid } from '../kernel/processes.js';
import type { CreateOptions } from './create-options.js';
import type { LayerWords } from './layer-options.js';
import { usageError } from './usage-error.js';

const STANDARD_STREAMS = 3;
const STANDARD_INPUT = 0;

/**
 * The command that stands after `--`, found, and the numbers of its descriptors, chosen.
 *
 * @throws DmfdError `command-not-found`, `command-not-executable`, or `usage` for descriptors that cannot be had
 */
export function planCommand(
  options: CreateOptions,
  layers: readonly LayerWords[],
  commandLength: number,
): Command {
  const words = callerArguments(commandLength);
  const environment = callerEnvironment();
  const file = findCommand(words[0] ?? '', environment);
  const readFds = layers.flatMap((layer) => [...keyDescriptors(layer), ...tableDescriptors(layer)]);
  const open = callerDescriptors().filter((fd) => fd !== options.jsonFd && !readFds.includes(fd));
  const listenAfter = options.listenFds ? inheritedNames(environment, askedPid(), open) : undefined;
  const fd = chooseNumber(options, open, listenAfter?.length);
  return {
    file,
    words,
    environment,
    fd,
    ...(options.roFd === undefined ? {} : { readOnlyFd: options.roFd }),
    placeholders: options.placeholders,
    caller: callerState(),
    withheld: [
      // Events may go to the standard error that is the command's, too.
      ...(options.jsonFd === undefined || options.jsonFd < STANDARD_STREAMS ? [] : [options.jsonFd]),
      ...readFds,
    ],
    ...(listenAfter === undefined ? {} : { listenAfter }),
  };
}

/** A key is for dmfd alone, whatever name its descriptor is given by. */
function keyDescriptors({ options: { keyFd, keyFile } }: LayerWords): number[] {
  const fd = keyFd ?? (keyFile === undefined ? undefined : callerDescriptorAt(keyFile));
  return fd === undefined ? [] : [fd];
}

/** There may be a key in a table: the command is not to have a file from which it could read that again. */
function tableDescriptors({ options: { tableFile = [] } }: LayerWords): number[] {
  return tableFile
    .flatMap((file) => (file === '-' ? STANDARD_INPUT : (callerDescriptorAt(file) ?? [])))
    .filter(canBeReadAgain);
}

/** @throws DmfdError `usage` for `{path:9}` where there are fewer layers */
export function checkPlaceholders({ words, placeholders }: Command, layers: number): void {
  const [word] = placeholders ? unfilledPlaceholders(words, layers) : [];
  if (word === undefined) return;
  throw usageError(
    word.startsWith('{fd')
      ? `${word}: only the top layer, {fd}, has a descriptor`
      : `${word}: the layers are 0 to ${layers - 1}`,
    'if the command is to get that word as it is: --no-placeholders',
  );
}

/**
 * The number of the command's descriptor.
 *
 * @param inherited how many descriptors came by the protocol of sd_listen_fds(3), when ours is to follow them
 */
function chooseNumber(
  { fd, roFd }: CreateOptions,
  open: readonly number[],
  inherited: number | undefined,
): number {
  if (inherited === undefined) return fd ?? lowestFree(roFd === undefined ? open : [...open, roFd]);
  const next = FIRST_LISTEN_FD + inherited;
  if (fd !== undefined && fd !== next) {
    throw usageError(`--fd ${fd}: with --listen-fds it has to be ${next}`, 'leave out --fd');
  }
  if (fd === undefined && open.includes(next)) {
    throw usageError(
      `--listen-fds: the descriptor has to be ${next}, which is in use already`,
      `close it for dmfd (${next}>&-), or give --fd ${next} to replace it`,
    );
  }
  if (roFd === next) throw usageError(`--ro-fd ${roFd}: with --listen-fds the device itself has that number`);
  return next;
}
