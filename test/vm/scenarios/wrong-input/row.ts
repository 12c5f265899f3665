import type { Guest } from '../../harness/index.js';

/** One request with something wrong in it, as it is typed into a shell in {@link PLAYGROUND}. */
export interface Row {
  readonly what: string;
  readonly line: string;
  /** Default 125: dmfd's own failure. */
  readonly code?: number;
  /** What stderr must say. */
  readonly says: readonly RegExp[];
  /** What stdout is; default nothing. */
  readonly prints?: RegExp;
  /** Only where the kernel's name matches. */
  readonly kernels?: RegExp;
}

/** A table that is all right, and a command that must not run. */
export const FINE = "--table '0 8 zero'";
export const UNUSED = '-- touch ran';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What of the machine is not as it was before, two seconds later. */
  readonly left: string;
}

/** Where the lines run, and where the files are that they name. */
export const PLAYGROUND = '/tmp/wrong-input';

/** Runs the line, and looks at the machine before and after it. */
export async function attempt(vm: Guest, line: string, cwd = PLAYGROUND): Promise<Outcome> {
  const { code, stdout, stderr } = await vm.run(['sh', '-c', AROUND, 'row', line], { cwd });
  const [own = '', left = 'the shell around the line died'] = stdout.split(SEPARATOR);
  return { code, stdout: own, stderr, left };
}

const SEPARATOR = '\x1e';

/** A device without a table is not in /sys, hence dmsetup. `ran` is what the command leaves that must not run. */
const AROUND = `
  state() {
    dmsetup info -c --noheadings -o name,uuid,minor,open
    for file in /sys/block/dm-*/dm/name /sys/block/loop*/loop/backing_file; do
      [ -e "$file" ] && read -r value <"$file" && echo "$file: $value"
    done
    for file in /dev/.dmfd-* /run/.dmfd-* /dev/shm/.dmfd-* /tmp/.dmfd-* /var/tmp/.dmfd-*; do
      [ -e "$file" ] && echo "$file"
    done
    [ ! -e ran ] || echo 'the command ran'
  }
  before=$(state)
  sh -c "$1"
  code=$?
  deadline=20
  while after=$(state); [ "$before" != "$after" ] && [ $deadline -gt 0 ]; do
    deadline=$((deadline - 1))
    sleep 0.1
  done
  rm -f ran
  printf '\\036'
  if [ "$before" != "$after" ]; then printf 'before:\\n%s\\nafter:\\n%s\\n' "$before" "$after"; fi
  exit $code
`;
