import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { executable } from '../support/distribution.js';

interface Row {
  /** Typed into a shell, where `dmfd` is the built command. */
  readonly line: string;
  readonly code: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

const expected = (name: string) => readFileSync(new URL(`./expected/${name}.txt`, import.meta.url), 'utf8');
const HELP = expected('help');
const CREATE_HELP = expected('create-help');
const SWAP_HELP = expected('swap-help');
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

const seeHelp = 'hint: "dmfd --help" shows what there is';
const seeCreateHelp = 'hint: "dmfd create --help" shows what there is';
const CRYPT = "dmfd create --table '0 8 crypt x {key} 0 8:1 0'";
const tooMany = "too many arguments for 'swap'. Expected 1 argument but got 2.";
const afterDashes = 'hint: put the command after --: dmfd create … -- COMMAND';
const columns = 'hint: a table line reads: START LENGTH TARGET ARGS…, in sectors of 512 bytes';
const notByShell =
  'hint: the command after -- is run directly, not by a shell: for shell syntax use -- sh -c "…"';

/** A line that needs files; it ends as its last command did. */
const inScratch = (line: string) => `d=$(mktemp -d); cd "$d"; ${line}; code=$?; rm -r "$d"; exit $code`;

/** What dmfd says on stderr: the message, then indented lines. */
const says = (message: string, ...more: string[]) =>
  [`dmfd: ${message}`, ...more.map((line) => `  ${line}`), ''].join('\n');

/** All of it is known before the kernel is asked, so it is the same on every machine. */
const ROWS: readonly Row[] = [
  { line: 'dmfd --help', code: 0, stdout: HELP },
  { line: 'dmfd -h', code: 0, stdout: HELP },
  { line: 'dmfd help', code: 0, stdout: HELP },
  { line: 'dmfd create --help', code: 0, stdout: CREATE_HELP },
  { line: 'dmfd help create', code: 0, stdout: CREATE_HELP },
  { line: 'dmfd swap --help', code: 0, stdout: SWAP_HELP },
  { line: 'dmfd --version', code: 0, stdout: `${version}\n` },
  { line: 'dmfd -V', code: 0, stdout: `${version}\n` },
  {
    line: 'dmfd',
    code: 125,
    stderr: says('no subcommand was given', 'hint: dmfd create … -- COMMAND; "dmfd --help" lists them all'),
  },
  { line: 'dmfd frob', code: 125, stderr: says("unknown command 'frob'", seeHelp) },
  { line: 'dmfd --frob', code: 125, stderr: says("unknown option '--frob'", seeHelp) },
  {
    line: 'dmfd create',
    code: 125,
    stderr: says(
      'no table was given',
      "hint: say what the device consists of: --table 'START LENGTH TARGET ARGS…', or --table-file FILE",
    ),
  },
  { line: 'dmfd create --frob', code: 125, stderr: says("unknown option '--frob'", seeCreateHelp) },
  {
    line: 'dmfd create --table',
    code: 125,
    stderr: says("option '--table <LINE>' argument missing", seeCreateHelp),
  },
  {
    line: "dmfd create --table '0 8 zero' a b",
    code: 125,
    stderr: says("too many arguments for 'create'. Expected 1 argument but got 2.", afterDashes),
  },
  {
    line: "dmfd create --table '0 8 zero' a b -- true",
    code: 125,
    stderr: says("too many arguments for 'create'. Expected 1 argument but got 2.", seeCreateHelp),
  },
  {
    line: 'dmfd probe now',
    code: 125,
    stderr: says("too many arguments for 'probe'. Expected 0 arguments but got 1.", seeHelp),
  },
  { line: 'dmfd ls -- true', code: 125, stderr: says('dmfd ls takes no command after --') },
  { line: "dmfd create --table '0 8 zero' --", code: 125, stderr: says('no command stands after --') },
  {
    line: "dmfd create --table '0 8 zero' --exec",
    code: 125,
    stderr: says('--exec needs a command', 'hint: put it after --: dmfd create … --exec -- COMMAND'),
  },
  {
    line: "dmfd create --table '0 8 zero' --ro-fd 4",
    code: 125,
    stderr: says('--ro-fd needs a command', 'hint: put it after --: dmfd create … --ro-fd N -- COMMAND'),
  },
  {
    line: "dmfd create --table '0 8 zero' --listen-fds",
    code: 125,
    stderr: says(
      '--listen-fds needs a command',
      'hint: put it after --: dmfd create … --listen-fds -- COMMAND',
    ),
  },
  {
    line: "dmfd create --table '0 8 zero' --fd 4 --ro-fd 4 -- true",
    code: 125,
    stderr: says('--fd 4 and --ro-fd 4: each descriptor needs a number of its own'),
  },
  {
    line: "dmfd create --table '0 8 zero' --readonly --hold-readonly -- true",
    code: 125,
    stderr: says(
      '--readonly and --hold-readonly exclude each other: --hold-readonly is for writable devices',
    ),
  },
  {
    line: "dmfd create --table '0 8 zero' --json-fd 1 -- true",
    code: 125,
    stderr: says(
      "--json-fd 1: that standard stream is the command's alone",
      'hint: give another one: --json-fd 9 … 9>FILE',
    ),
  },
  {
    line: "dmfd create --table '0 8 zero' --json-fd 9 -- true",
    code: 125,
    stderr: says('--json-fd 9: that descriptor is not open', 'hint: open it for dmfd: 9>FILE, or 9>&1'),
  },
  {
    line: "dmfd create --table '0 8 zero' --json-fd 9 -- true 9</dev/null",
    code: 125,
    stderr: says('--json-fd 9: it is not open for writing (EBADF)'),
  },
  {
    line: "dmfd create --table '0 8 zero' --json-fd 9 --fd 9 -- true 9>/dev/null",
    code: 125,
    stderr: says('--json-fd 9: the command gets the device under that number'),
  },
  {
    line: "dmfd create --table '0 8 zero' --listen-fds --fd 9 -- true",
    code: 125,
    stderr: says('--fd 9: with --listen-fds it has to be 3', 'hint: leave out --fd'),
  },
  {
    line: "dmfd create --table '0 8 zero' --listen-fds -- true 3</dev/null",
    code: 125,
    stderr: says(
      '--listen-fds: the descriptor has to be 3, which is in use already',
      'hint: close it for dmfd (3>&-), or give --fd 3 to replace it',
    ),
  },
  {
    line: "dmfd create a:b --table '0 8 zero' --listen-fds -- true",
    code: 125,
    stderr: says(
      '"a:b" cannot be the name of a descriptor',
      'hint: it has 1 to 255 ASCII characters, without ":" and control characters; give the device such a name',
    ),
  },
  {
    line: "dmfd create --table '0 8 zero' >&-",
    code: 125,
    stderr: says(
      'standard output is closed, and the path of the device is to be printed there',
      'hint: redirect it (>FILE, >/dev/null), or give a command after --',
    ),
  },
  {
    line: "dmfd create --table '0 8 zero' --fdstore --send-fd /run/x",
    code: 125,
    stderr: says('--fdstore and --send-fd exclude each other: dmfd has one descriptor to give away'),
  },
  {
    line: "dmfd create --table '0 8 zero' --fdstore -- true",
    code: 125,
    stderr: says('--fdstore gives the descriptor away, and a command after -- would want it, too'),
  },
  {
    line: "dmfd create --table '0 8 zero' --send-fd /run/x --wait-gone",
    code: 125,
    stderr: says('--send-fd and --wait-gone exclude each other: dmfd does not stay until the device is gone'),
  },
  {
    line: "dmfd create --table '0 8 zero' --fdstore",
    code: 125,
    stderr: says(
      'there is no service manager to give the descriptor to: NOTIFY_SOCKET is not set',
      'hint: run dmfd from a unit that has FileDescriptorStoreMax=1 and NotifyAccess=exec (main is for ExecStart= alone)',
    ),
  },
  { line: 'dmfd --version 2>&- <&-', code: 0, stdout: `${version}\n` },
  {
    line: "dmfd create --table '0 8 zero' --exec --wait-gone -- true",
    code: 125,
    stderr: says('--exec and --wait-gone exclude each other: dmfd is gone before the command ends'),
  },
  {
    line: "dmfd create --table '0 8 zero' --json -- true",
    code: 125,
    stderr: says(
      '--json is for holding a device without a command',
      'hint: the command finds the same in its environment: DMFD_PATH, DMFD_FD, …; --json-fd N tells others',
    ),
  },
  {
    line: "dmfd create --table '0 8 zero' --mode both -- true",
    code: 125,
    stderr: says('--mode both: it must be one of auto, atomic, fallback'),
  },
  {
    line: "ulimit -n 64; dmfd create --table '0 8 zero' --fd 64 -- true",
    code: 125,
    stderr: says('--fd 64: it must be a descriptor number from 0 to 63 (see ulimit -n)'),
  },
  {
    line: "dmfd create --table '0 8 zero' --wait-gone=soon -- true",
    code: 125,
    stderr: says('--wait-gone=soon: it must be a number of seconds, at most 86400'),
  },
  {
    line: 'dmfd create --table "0 8 zero" "$(printf \'a\\377\')" -- true',
    code: 125,
    stderr: says('argument 4, a\ufffd: it is not valid UTF-8'),
  },
  {
    line: "dmfd create a/b --table '0 8 zero' -- true",
    code: 125,
    stderr: says('device name "a/b": "/" is not allowed in it'),
  },
  {
    line: "dmfd create --uuid '' --table '0 8 zero' -- true",
    code: 125,
    stderr: says('device UUID "": it is empty'),
  },
  {
    line: "dmfd create --table '0 64M zero' -- true",
    code: 125,
    stderr: says(
      '--table, line 1: the 2nd column, the length in sectors, is "64M", and not a whole decimal number',
      columns,
    ),
  },
  {
    line: "dmfd create --table '0 8 zero' --table '9 8 zero' -- true",
    code: 125,
    stderr: says(
      '--table number 2, line 1: it starts at sector 9 and leaves a gap after the line before it, which ends at 8',
    ),
  },
  {
    line: "printf '# no line\\n' | dmfd create --table-file - -- true",
    code: 125,
    stderr: says('standard input: there is no table line in it', columns),
  },
  {
    line: 'dmfd create --table-file /nonexistent/table -- true',
    code: 125,
    stderr: says('table file /nonexistent/table: cannot read it: ENOENT, no such file or directory'),
  },
  {
    line: "dmfd create --table '0 8 linear {loop0} 0' -- true",
    code: 125,
    stderr: says(
      'the table says {loop0}, but no loop file was given',
      'hint: give the file with --loop FILE',
    ),
  },
  {
    line: "dmfd create --table '0 8 zero' -- nonexistent-command",
    code: 127,
    stderr: says('command "nonexistent-command": not found', notByShell),
  },
  {
    line: "dmfd create --table '0 8 zero' -- ''",
    code: 127,
    stderr: says('command "": not found', notByShell),
  },
  {
    line: "dmfd create --table '0 8 zero' -- /",
    code: 126,
    stderr: says('command "/": not executable (EACCES)', 'hint: it must be a file with execute permission'),
  },
  {
    line: "dmfd create --table '0 8 crypt x {key} 0 8:1 0'",
    code: 125,
    stderr: says(
      'the table says {key}, but no key was given',
      'hint: give one with --key-random BITS, --key-file FILE or --key-fd N',
    ),
  },
  {
    line: "dmfd create --table '0 8 zero' --key-random 512",
    code: 125,
    stderr: says(
      'a key was given, but the table does not say {key}',
      'hint: write {key} where the target wants its key: 0 131072 crypt aes-xts-plain64 {key} 0 8:1 0',
    ),
  },
  {
    line: `${CRYPT} --key-random 512 --key-file /dev/null`,
    code: 125,
    stderr: says('--key-random and --key-file exclude each other: a key comes from one place'),
  },
  {
    line: `${CRYPT} --key-random 511`,
    code: 125,
    stderr: says(
      '--key-random 511: 511 bits; it must be a multiple of 8 from 8 to 32768',
      'hint: aes-xts-plain64 takes 256 or 512 bits',
    ),
  },
  {
    line: `${CRYPT} --key-random x`,
    code: 125,
    stderr: says('--key-random x: it must be a whole number of bits'),
  },
  {
    line: `${CRYPT} --key-file /nonexistent/key`,
    code: 125,
    stderr: says('key file "/nonexistent/key": cannot read it: ENOENT, no such file or directory'),
  },
  { line: `${CRYPT} --key-file /`, code: 125, stderr: says('key file "/": it is a directory') },
  {
    line: `${CRYPT} --key-file -`,
    code: 125,
    stderr: says('--key-file -: it is no file', 'hint: for standard input use --key-fd 0'),
  },
  {
    line: inScratch(`: >key; ${CRYPT} --key-file key`),
    code: 125,
    stderr: says('key file "key": it is empty'),
  },
  {
    line: inScratch(`head -c 4097 /dev/zero >key; ${CRYPT} --key-fd 5 5<key`),
    code: 125,
    stderr: says(
      'key descriptor 5: 4097 bytes, and a key has at most 4096',
      'hint: all of a key file is the key; cut one out with: head -c BYTES FILE | dmfd … --key-fd 0',
    ),
  },
  {
    line: "dmfd create --table '0 8 zero' --send-to-uid 7 -- true",
    code: 125,
    stderr: says('--send-to-uid goes with --send-fd alone'),
  },
  {
    line: "dmfd create --table '0 8 zero' --send-fd /s --send-to-uid 4294967295",
    code: 125,
    stderr: says('--send-to-uid 4294967295: it must be the number of a user', 'hint: "id -u NAME" tells it'),
  },
  {
    line: `${CRYPT} --key-fd 9`,
    code: 125,
    stderr: says('--key-fd 9: it is not open', 'hint: open it for dmfd, as in: dmfd … --key-fd 9 9<FILE'),
  },
  {
    line: `${CRYPT} --key-fd 0`,
    code: 125,
    stderr: says(
      '--key-fd 0 needs a command: the end of standard input would let go of the device at once',
      'hint: give the key with another descriptor, as in: dmfd create … --key-fd 5 5<FILE',
    ),
  },
  {
    line: `${CRYPT} --table-file - --key-fd 0 -- true`,
    code: 125,
    stderr: says('--key-fd 0 and --table-file -: standard input can be read only once'),
  },
  { line: 'dmfd swap', code: 125, stderr: says("missing required argument 'BACKING'", seeHelp) },
  { line: 'dmfd swap a b', code: 125, stderr: says(tooMany, seeHelp) },
  { line: 'dmfd swap --discard once a', code: 125, stderr: says(tooMany, seeHelp) },
  { line: 'dmfd swap a -- true', code: 125, stderr: says('dmfd swap takes no command after --') },
  {
    line: inScratch('truncate -s 1M b.img; dmfd swap --dry-run --force --cipher --discard b.img'),
    code: 0,
    stdout: '0 2048 crypt --discard {key} 0 {loop0} 0\n',
  },
  {
    line: inScratch('truncate -s 1M b.img; dmfd swap --dry-run --force --discard b.img'),
    code: 0,
    stdout: '0 2048 crypt aes-xts-plain64 {key} 0 {loop0} 0 1 allow_discards\n',
  },
  {
    line: "dmfd create --wait-gone a/b --table '0 8 zero' -- true",
    code: 125,
    stderr: says('device name "a/b": "/" is not allowed in it'),
  },
  {
    line: 'dmfd create --table --wait-gone -- true',
    code: 125,
    stderr: says(
      '--table, line 1: the 1st column, the start sector, is "--wait-gone", and not a whole decimal number',
      columns,
    ),
  },
  { line: 'dmfd swap ""', code: 125, stderr: says('backing "": no path') },
  {
    line: 'dmfd swap a --discard=never',
    code: 125,
    stderr: says('--discard=never: it must be --discard, --discard=once or --discard=pages'),
  },
  {
    line: 'dmfd swap a --size 1Q',
    code: 125,
    stderr: says(
      '--size 1Q: it must be a number of sectors, or of bytes with a unit',
      'hint: as in 2048, 1M or 2G; a sector has 512 bytes',
    ),
  },
  { line: 'dmfd swap a --priority=-1', code: 125, stderr: says('--priority -1: it must be a whole number') },
  {
    line: 'dmfd swap /nonexistent/swap',
    code: 125,
    stderr: says(
      'backing "/nonexistent/swap": cannot find it: ENOENT, no such file or directory',
      'hint: check the name, or make a file: fallocate -l 1G FILE; chmod 600 FILE',
    ),
  },
  {
    line: 'dmfd swap /',
    code: 125,
    stderr: says('backing "/": it is a directory, not a block device or a file'),
  },
  {
    line: 'dmfd swap /dev/null --dry-run',
    code: 125,
    stderr: says('backing "/dev/null": it is a character device, not a block device or a file'),
  },
  {
    line: 'dmfd --help >/dev/full',
    code: 125,
    stderr: says('write to standard output: ENOSPC, no space left on device'),
  },
];

describe('the command line', () => {
  test.concurrent.each(ROWS)('$line', async ({ line, code, stdout = '', stderr = '' }) => {
    expect(await type(line)).toEqual({ code, stdout, stderr });
  });
});

function type(line: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const script = `dmfd() { "$DMFD" "$@"; }\n${line}`;
  const child = spawn('sh', ['-c', script], {
    env: { PATH: process.env.PATH, DMFD: executable() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
