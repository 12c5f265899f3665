import { readIfThere, unescapePath } from './pseudo-files.js';

/** A mount that a process has in its namespace, below its root directory. */
export interface Mount {
  /** Its number, as {@link mountOf} has it. */
  readonly id: string;
  /** MAJ:MIN of the file system; one that is on no block device has 0:N. */
  readonly device: string;
  /** Where. */
  readonly path: string;
  readonly type: string;
  /** A block device of some file systems; of others, what somebody has written. */
  readonly source: string;
  /** Of the file system, each as the kernel writes it: commas and blanks as `\054` and `\040`. */
  readonly options: readonly string[];
}

/** The mounts of a process; none where /proc does not tell. */
export function mountsOf(pid: string): Mount[] {
  return parseMountinfo(readIfThere(`/proc/${pid}/mountinfo`));
}

export function parseMountinfo(text: string): Mount[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      // Any number of fields on propagation end there.
      const separator = line.indexOf(' - ');
      const [id = '', , device = '', , path = ''] = line.slice(0, separator).split(' ');
      const [type = '', source = '', options = ''] = line.slice(separator + 3).split(' ');
      return {
        id,
        device,
        path: unescapePath(path),
        type,
        source: unescapePath(source),
        options: options.split(','),
      };
    });
}

/** The number of the mount that an open file is in, by what /proc says of its descriptor. */
export function mountOf(fdinfo: string): string {
  return /^mnt_id:\s*(\d+)$/m.exec(fdinfo)?.[1] ?? '';
}
