import type { DmfdError, ErrorCode } from '../errors.js';

/**
 * Remedies for errors, where the command line has others than the library, whose hints name properties of a request: undefined where
 * an option in place of each, by {@link OPTIONS}, is all there is to it.
 */
export const HINTS: Readonly<Record<ErrorCode, string | undefined>> = {
  'invalid-request': undefined,
  'invalid-name': undefined,
  'invalid-uuid': undefined,
  'invalid-table': undefined,
  'loop-missing': 'give the file with --loop FILE',
  'loop-unused': undefined,
  'layer-missing': undefined,
  'layer-unused': undefined,
  'not-known-yet': undefined,
  'loop-file-unusable': undefined,
  'loop-file-not-writable':
    'use --readonly for a device that is only read, or FILE,ro for a file that is only read under a device that is written to',
  'key-missing': 'give one with --key-random BITS, --key-file FILE or --key-fd N',
  'key-unused': undefined,
  'key-not-open': 'open it for dmfd, as in: dmfd … --key-fd 5 5<FILE',
  'key-unusable': undefined,
  'key-too-long': 'all of a key file is the key; cut one out with: head -c BYTES FILE | dmfd … --key-fd 0',
  'invalid-swap-uuid': undefined,
  'backing-unusable': undefined,
  'area-unusable': undefined,
  'command-line': undefined,
  'xen-disk-invalid': undefined,
  'not-permitted': undefined,
  'driver-missing': undefined,
  'machine-unsupported': undefined,
  'deferred-remove-unsupported': undefined,
  'descriptor-unsupported': undefined,
  'swap-unsupported': undefined,
  'program-missing': undefined,
  'name-taken': undefined,
  'uuid-taken': undefined,
  'link-taken': undefined,
  'device-stolen': undefined,
  'loop-devices-taken': undefined,
  'loop-file-in-use': undefined,
  'backing-in-use': undefined,
  'backing-has-content': '"wipefs" shows more; swap --force, or --cow PATH,force, overwrites it',
  'area-not-zero': undefined,
  'backing-insecure': undefined,
  'backing-copied-on-write': undefined,
  'backing-served': undefined,
  'discard-makes-holes': undefined,
  'backing-replaced': undefined,
  'receiver-not-trusted': 'a user that may have the device all the same is named with --send-to-uid UID',
  'already-served': undefined,
  'still-held': undefined,
  'device-missing': '"dmfd ls --all" shows what there is',
  'device-busy': undefined,
  'not-resizable': undefined,
  'not-leaked': undefined,
  'xen-disk-withdrawn': undefined,
  'kernel-refused': undefined,
  'xen-backend-failed': undefined,
  'left-behind': '"dmfd reap" removes it; one that was made with --uuid has to be named: "dmfd reap NAME"',
  'target-unknown':
    'no module dm-… of this kernel offers it; "dmfd probe" lists the target types that are loaded',
  'lookup-failed':
    'there is no block device of that name or number; to use a file, give it with --loop FILE and write {loop0} in the table',
  'node-missing': undefined,
  'link-failed': undefined,
  'shim-unusable': undefined,
  'reply-malformed': undefined,
  'creation-killed': undefined,
  'key-process-failed': undefined,
  'resource-limit': undefined,
  'output-failed': undefined,
  'xenstore-failed': undefined,
  'receiver-failed': undefined,
  'socket-unusable': undefined,
  'command-failed': undefined,
  'command-not-found': undefined,
  'command-not-executable': undefined,
};

/** The options for properties that the library's hints name, as `force`. */
export const OPTIONS: ReadonlyMap<string, string> = new Map([
  ['discard', '--discard'],
  ['force', '--force'],
  ['mode', '--mode'],
  ['sharedLoop', '--shared-loop'],
  ['uuid', '--uuid'],
]);

/** The remedy for users of the command line. */
export function hintFor({ code, hint }: Pick<DmfdError, 'code' | 'hint'>): string | undefined {
  return HINTS[code] ?? hint?.replace(/`(\w+)`/g, (word, property) => OPTIONS.get(property) ?? word);
}
