import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type } from '../support/type.js';

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
const seeHelpOf = (command: string) => `hint: "dmfd ${command} --help" shows what there is`;
const seeCreateHelp = seeHelpOf('create');
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
    line: 'dmfd batch',
    code: 125,
    stderr: says("missing required argument 'FILE'", seeHelpOf('batch')),
  },
  { line: "dmfd batch ''", code: 125, stderr: says('FILE "": no path') },
  { line: 'dmfd batch -- true', code: 125, stderr: says('dmfd batch takes no command after --') },
  {
    line: 'dmfd batch /nonexistent/requests',
    code: 125,
    stderr: says('batch /nonexistent/requests: cannot read it: ENOENT, no such file or directory'),
  },
  { line: 'dmfd batch /', code: 125, stderr: says('batch /: it is a directory') },
  {
    line: 'dmfd batch - >&- </dev/null',
    code: 125,
    stderr: says(
      'standard output is closed, and each line is answered there',
      'hint: redirect it (>FILE, >/dev/null)',
    ),
  },
  { line: 'dmfd batch - </dev/null', code: 0 },
  { line: "printf '\n \r\n\t\n' | dmfd batch -", code: 0 },
  // Each line that fails, fails alone.
  ...['', '--unordered'].map((option) => ({
    line: `printf '%s\n' '{"id":"a","table":5}' '' '{"release":"x"}' '{"id":4,"key":{"fd":1000},"table":"0 8 crypt x {key} 0 8:1 0"}' \
      | dmfd batch ${option} -`,
    code: 1,
    stdout: [
      '{"line":1,"id":"a","error":{"kind":"usage","code":"invalid-request","message":"property table is a number: it must be a string, or an array of strings and of { label, text }","kernelLog":[]}}',
      '{"line":3,"error":{"kind":"usage","code":"device-missing","message":"release \\"x\\": none of that name is held here","device":"x","kernelLog":[],"hint":"only a device of this batch can be released, once its line was answered"}}',
      '{"line":4,"id":4,"error":{"kind":"usage","code":"key-not-open","message":"key descriptor 1000: it is not open","kernelLog":[]}}',
      '',
    ].join('\n'),
  })),
  // When the reader of the answers has gone.
  ...['', '--unordered'].map((option) => ({
    line: `(sleep 1; echo '{"release":"x"}'; echo '{"release":"y"}'; sleep 2) | { dmfd batch ${option} -; echo $? >&2; } | true`,
    code: 0,
    stderr: `${says('write to standard output: EPIPE, broken pipe')}125\n`,
  })),
  // Of a file, the end lets go of nothing; that of standard input does.
  {
    line: inScratch(`printf '{"release":"x"}' >requests; true | dmfd batch requests | cut -c 1-34`),
    code: 0,
    stdout: '{"line":1,"error":{"kind":"usage",\n',
  },
  {
    line: 'dmfd probe now',
    code: 125,
    stderr: says("too many arguments for 'probe'. Expected 0 arguments but got 1.", seeHelpOf('probe')),
  },
  { line: 'dmfd ls -- true', code: 125, stderr: says('dmfd ls takes no command after --') },
  {
    line: 'dmfd ls -o name,nme',
    code: 125,
    stderr: says(
      '-o name,nme: there is no column "nme"',
      'hint: the columns are name,node,dev,size,targets,mode,removal,state,open,age,held-by,uuid,diskseq',
    ),
  },
  {
    line: 'dmfd ls --json -n',
    code: 125,
    stderr: says('--json excludes -o and -n: each JSON line has everything, by name'),
  },
  {
    line: 'dmfd ls a',
    code: 125,
    stderr: says("too many arguments for 'ls'. Expected 0 arguments but got 1.", seeHelpOf('ls')),
  },
  {
    line: 'dmfd rm',
    code: 125,
    stderr: says('no device was given', 'hint: dmfd rm NAME; "dmfd ls" lists what there is'),
  },
  {
    line: 'dmfd rm a b',
    code: 125,
    stderr: says("too many arguments for 'rm'. Expected 1 argument but got 2.", seeHelpOf('rm')),
  },
  {
    line: 'dmfd rm a --diskseq 5',
    code: 125,
    stderr: says('"a" and --diskseq 5: one of the two says which device is meant'),
  },
  ...['0', '-1', '0x5', '5.0', '', 'five', '18446744073709551616'].map((value) => ({
    line: `dmfd rm --diskseq='${value}'`,
    code: 125,
    stderr: says(
      `--diskseq ${value}: it must be a whole number above 0`,
      'hint: "dmfd ls -o name,diskseq" tells it',
    ),
  })),
  {
    line: "dmfd rm ''",
    code: 125,
    stderr: says('device "": no device is called so', 'hint: "dmfd ls --all" shows what there is'),
  },
  { line: 'dmfd rm a -- true', code: 125, stderr: says('dmfd rm takes no command after --') },
  {
    line: 'dmfd resize --to-backing',
    code: 125,
    stderr: says("missing required argument 'DEVICE'", seeHelpOf('resize')),
  },
  {
    line: 'dmfd resize a',
    code: 125,
    stderr: says('no size was given', 'hint: dmfd resize a --size SIZE, or --to-backing'),
  },
  {
    line: 'dmfd resize a --size 1M --to-backing',
    code: 125,
    stderr: says('--size and --to-backing exclude each other: --to-backing is as much as there is'),
  },
  {
    line: 'dmfd resize a --size 1X',
    code: 125,
    stderr: says(
      '--size 1X: it must be a number of sectors, or of bytes with a unit',
      'hint: as in 2048, 1M or 2G; a sector has 512 bytes',
    ),
  },
  {
    line: 'dmfd resize a --size 1000B',
    code: 125,
    stderr: says('--size 1000B: it is no whole sectors of 512 bytes'),
  },
  { line: 'dmfd resize a --size 0', code: 125, stderr: says('--size 0: it must be more than 0') },
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
    line: "dmfd create --table '0 8 zero' --udev loud -- true",
    code: 125,
    stderr: says('--udev loud: it must be one of quiet, full, none'),
  },
  {
    line: "dmfd create --table '0 8 zero' --udev full --udev-wait=soon -- true",
    code: 125,
    stderr: says('--udev-wait=soon: it must be a number of seconds, at most 86400'),
  },
  {
    line: "dmfd create --table '0 8 zero' --udev none --udev-wait -- true",
    code: 125,
    stderr: says('--udev-wait goes with --udev full alone: udev makes no links that could be waited for'),
  },
  {
    line: "dmfd create --table '0 8 zero' --udev-wait=3 -- true",
    code: 125,
    stderr: says('--udev-wait goes with --udev full alone: udev makes no links that could be waited for'),
  },
  ...['--exec -- true', '--fdstore', '--send-fd /run/x'].map((words) => ({
    line: `dmfd create --table '0 8 zero' --mapper-link ${words}`,
    code: 125,
    stderr: says(
      `${words.split(' ')[0]} and --mapper-link exclude each other: dmfd does not stay to take the link away`,
    ),
  })),
  {
    line: "dmfd create --table '0 8 zero' --mapper-link --udev full -- true",
    code: 125,
    stderr: says('--mapper-link and --udev full exclude each other: udev makes that link'),
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
    line: "echo '0 8 zero' | dmfd create --table-file -",
    code: 125,
    stderr: says(
      '--table-file - needs a command: the end of standard input would let go of the device at once',
      'hint: put it after --, or give a file of its own, or another descriptor, as in: /dev/fd/5 5<FILE',
    ),
  },
  {
    line: `echo key | ${CRYPT} --key-file /dev/stdin`,
    code: 125,
    stderr: says(
      '--key-file /dev/stdin needs a command: the end of standard input would let go of the device at once',
      'hint: put it after --, or give a file of its own, or another descriptor, as in: /dev/fd/5 5<FILE',
    ),
  },
  {
    line: `${CRYPT} --table-file - --key-fd 0 -- true`,
    code: 125,
    stderr: says('--key-fd 0 and --table-file -: standard input can be read only once'),
  },
  {
    line: 'dmfd swap',
    code: 125,
    stderr: says('no backing was given', 'hint: dmfd swap BACKING: a file or a block device'),
  },
  {
    line: 'dmfd swap a --path b',
    code: 125,
    stderr: says('a and --path b: one of the two says where swap goes'),
  },
  {
    line: "dmfd swap --path ''",
    code: 125,
    stderr: says('backing "": no path'),
  },
  { line: 'dmfd swap a b', code: 125, stderr: says(tooMany, seeHelpOf('swap')) },
  { line: 'dmfd swap --discard once a', code: 125, stderr: says(tooMany, seeHelpOf('swap')) },
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
  ...presetRows(),
];

/** Presets and their words; each line says which word is wrong. */
function presetRows(): Row[] {
  const refused = (line: string, message: string, ...more: string[]): Row => ({
    line: inScratch(`truncate -s 1M disk.img; truncate -s 2K tiny.img; ${line}`),
    code: 125,
    stderr: says(message, ...more),
  });
  const prints = (line: string, stdout: string, stderr = ''): Row => ({
    line: inScratch(`truncate -s 1M disk.img; truncate -s 2K tiny.img; ${line}`),
    code: 0,
    stdout,
    stderr,
  });
  const keys = 'partition= offset= size= ro sector-size= direct-io';
  const size = 'it must be a number of sectors, or of bytes with a unit';
  const asIn = 'hint: as in 2048, 1M or 2G; a sector has 512 bytes';
  const create = 'dmfd create';
  // What a terminal would obey.
  const hostile = String.raw`printf '0 8 error \033[2J\302\233\n' >t`;
  return [
    prints(`${create} --linear disk.img --dry-run`, '0 2040 linear {loop0} 0\n2040 8 linear {loop0} 2040\n'),
    prints(`${create} --zero 1M --dry-run -- false`, '0 2048 zero\n'),
    prints(
      `${create} --linear disk.img,size=1000 --error 8 --linear disk.img,offset=1008 --dry-run`,
      '0 1000 linear {loop0} 0\n1000 8 error\n1008 1040 linear {loop0} 1008\n',
    ),
    prints(
      `${create} --striped disk.img --striped disk.img,offset=512K --chunk 4K --dry-run`,
      '0 2048 striped 2 8 {loop0} 0 {loop0} 1024\n',
      says('striped "disk.img": only its first 524288 bytes are used; another stripe is shorter'),
    ),
    prints(
      `${create} --crypt disk.img --cipher aes-cbc-essiv:sha256 --sector-size 4096 --dry-run`,
      '0 2048 crypt aes-cbc-essiv:sha256 {key} 0 {loop0} 0 1 sector_size:4096\n',
    ),
    prints(
      `${create} --overlay disk.img --cow 512K --dry-run --json n`,
      '{"name":"n","table":"0 2048 snapshot {loop0} {loop1} N 8","size":1048576,"readonly":false,"loops":[{"file":"disk.img"},{"file":null}],"below":[]}\n',
    ),
    prints(
      `${create} --loop disk.img --table '0 {sectors0} linear {loop0} 0' --dry-run`,
      '0 2040 linear {loop0} 0\n2040 8 linear {loop0} 2040\n',
    ),
    prints(
      `printf 'a: 0  8\\tzero\\r\\na: 8 8 error\\r\\n' | ${create} --table-file - --dry-run`,
      '0 8 zero\n8 8 error\n',
    ),
    prints(`${hostile}; ${create} --table-file t --dry-run`, '0 8 error \x1b[2J\u009b\n'),
    prints(
      `${hostile}; script -qec '$DMFD create --table-file t --dry-run; $DMFD create --table-file t --dry-run --json n' /dev/null`,
      [
        String.raw`0 8 error \x1b[2J\x9b`,
        String.raw`{"name":"n","table":"0 8 error \u001b[2J\u009b","size":4096,"readonly":false,"loops":[],"below":[]}`,
        '',
      ].join('\r\n'),
    ),
    prints(
      `${create} --concise 'c,U,7,ro,0 8 zero,8 8 error' --dry-run --json`,
      '{"name":"c","table":"0 8 zero\\n8 8 error","size":8192,"readonly":true,"loops":[],"below":[]}\n',
    ),
    prints(`truncate -s 1K a,b; ${create} --linear a,,b --dry-run`, '0 2 linear {loop0} 0\n'),

    refused(`${create} --linear`, "option '--linear <PATH>' argument missing", seeCreateHelp),
    refused(`${create} --linear ''`, '--linear : it begins with no path', 'hint: as in --linear disk.img'),
    refused(
      `${create} --linear missing.img`,
      'linear "missing.img": cannot find it: ENOENT, no such file or directory',
      'hint: check the name, or make the file: truncate -s 64M FILE',
    ),
    refused(
      `${create} --linear a,b.img`,
      '--linear a,b.img: after the comma stands "b.img", which is no key',
      `hint: the keys are ${keys}; a comma in a path is written twice: a,,b.img`,
    ),
    refused(
      `${create} --linear disk.img,readonly`,
      '--linear disk.img,readonly: after the comma stands "readonly", which is no key',
      `hint: the keys are ${keys}; a comma in a path is written twice: disk.img,,readonly`,
    ),
    refused(
      `${create} --linear disk.img,ro=1`,
      '--linear disk.img,ro=1: ro takes no value',
      'hint: write ro alone',
    ),
    refused(
      `${create} --linear disk.img,size`,
      '--linear disk.img,size: size needs a value',
      'hint: write size=…',
    ),
    refused(`${create} --linear disk.img,size=`, '--linear disk.img,size=: nothing stands after size='),
    refused(
      `${create} --linear disk.img,size=1,size=2`,
      '--linear disk.img,size=1,size=2: size stands there twice',
    ),
    refused(`${create} --linear disk.img,size=1Q`, `--linear disk.img,size=1Q: size=1Q: ${size}`, asIn),
    refused(
      `${create} --linear disk.img,size=1000B`,
      '--linear disk.img,size=1000B: size=1000B: it is no whole sectors of 512 bytes',
    ),
    refused(
      `${create} --linear disk.img,size=0`,
      '--linear disk.img,size=0: size=0: it must be more than 0',
      'hint: without size= it is all the rest',
    ),
    refused(
      `${create} --linear disk.img,size=2M`,
      'linear "disk.img": the size is 2097152 bytes, and there are only 1048576',
    ),
    refused(
      `${create} --linear disk.img,offset=1M`,
      'linear "disk.img": the offset is 1048576 bytes, and there are only 1048576',
    ),
    refused(
      `${create} --linear disk.img,offset=1,size=1M`,
      'linear "disk.img": the size is 1048576 bytes, and there are only 1048064 from the offset on',
    ),
    refused(`${create} --linear disk.img,offset=-1`, `--linear disk.img,offset=-1: offset=-1: ${size}`, asIn),
    refused(
      `${create} --linear disk.img,sector-size=8192`,
      '--linear disk.img,sector-size=8192: sector-size=8192: it must be 512, 1024, 2048 or 4096 bytes',
    ),
    refused(
      `${create} --linear disk.img,partition=1`,
      'linear "disk.img": no partition table is found in it',
      'hint: "fdisk -l" shows what it has',
    ),
    refused(
      `echo 'start=8, size=16, type=83' | sfdisk -q disk.img; ${create} --linear disk.img,partition=2`,
      'linear "disk.img": it has no partition 2',
      'hint: it has 1',
    ),
    refused(
      `echo 'start=8, size=16, type=83' | sfdisk -q disk.img; ${create} --linear disk.img,partition=1,offset=8192B`,
      'linear "disk.img": the offset is 8192 bytes, and there are only 8192',
    ),
    refused(
      `echo 'start=8, size=1600, type=83' | sfdisk -q disk.img; truncate -s 64K disk.img; ${create} --linear disk.img,partition=1`,
      'linear "disk.img": partition 1 ends at byte 823296, and there are only 65536',
      'hint: the image was cut short, or its table is of another disk',
    ),
    refused(
      `${create} --linear /dev/null`,
      'linear "/dev/null": it is a character device, not a file or a block device',
    ),
    refused(
      `${create} --linear LABEL=`,
      '"LABEL=": nothing stands after LABEL=',
      'hint: for a file of that name: ./LABEL=',
    ),
    refused(`${create} --zero 1Q`, `--zero 1Q: ${size}`, asIn),
    refused(`${create} --zero 0`, '--zero 0: it must be more than 0'),
    refused(`${create} --error 700B`, '--error 700B: it is no whole sectors of 512 bytes'),
    refused(
      `${create} --delay disk.img`,
      '--delay disk.img: read= is missing',
      'hint: as in --delay disk.img,read=100',
    ),
    refused(
      `${create} --delay disk.img,read=1s`,
      '--delay disk.img,read=1s: read=1s is no whole number of milliseconds',
    ),
    refused(
      `${create} --flakey disk.img,up=1`,
      '--flakey disk.img,up=1: down= is missing',
      'hint: as in --flakey disk.img,up=10,down=5: 10 seconds all is well, 5 seconds not',
    ),
    refused(
      `${create} --flakey disk.img,up=0,down=0`,
      '--flakey disk.img,up=0,down=0: up= and down= are both 0',
    ),
    refused(
      `${create} --flakey disk.img,up=1,down=1,drop-writes,error-writes`,
      '--flakey disk.img,up=1,down=1,drop-writes,error-writes: drop-writes and error-writes exclude each other',
    ),
    refused(
      `${create} --flakey disk.img,up=1,down=1,corrupt=0:r:1`,
      '--flakey disk.img,up=1,down=1,corrupt=0:r:1: corrupt=0:r:1 is not BYTE:r:VALUE or BYTE:w:VALUE',
      'hint: as in corrupt=32:r:1: the 32nd byte of each block that is read becomes 1; VALUE is at most 255',
    ),
    refused(
      `${create} --striped disk.img --striped tiny.img`,
      'striped "tiny.img": 2048 bytes, less than one chunk of 65536',
    ),
    refused(`${create} --striped disk.img --chunk 0`, '--chunk 0: it must be more than 0'),
    refused(`${create} --linear disk.img --chunk 64K`, '--chunk is for --striped'),
    refused(
      `${create} --cow 1M --overlay disk.img`,
      '--cow 1M: no --overlay stands before it',
      'hint: write --overlay BASE --cow PATH',
    ),
    refused(
      `${create} --overlay disk.img --cow 1M --cow 2M`,
      '--cow 2M: the overlay before it has a --cow already',
    ),
    refused(
      `${create} --overlay disk.img --cow tiny.img,ro`,
      '--cow tiny.img,ro: ro cannot be, for it is where writes go',
    ),
    refused(
      `${create} --overlay disk.img --cow ./disk.img`,
      'cow "./disk.img": overlay "disk.img" has the same bytes, and one would write over the other',
      'hint: name another file or device; what is written to an overlay needs only a size',
    ),
    refused(
      `${create} --crypt tiny.img --sector-size 4096`,
      'crypt "tiny.img": 2048 bytes, less than one sector of 4096',
    ),
    refused(`${create} --crypt disk.img --sector-size 1024`, '--sector-size 1024: it must be 512 or 4096'),
    refused(`${create} --linear disk.img --cipher aes-xts-plain64`, '--cipher is for --crypt'),
    refused(
      `${create} --linear disk.img --sector-size 4096`,
      '--sector-size is for --crypt',
      'hint: of a loop device it is a key: FILE,sector-size=4096',
    ),
    refused(
      `${create} --linear disk.img --table '0 8 zero'`,
      '--linear and --table exclude each other: both say what the device is',
      'hint: a preset writes its own table lines; --dry-run prints them',
    ),
    refused(
      `${create} --overlay disk.img --loop disk.img`,
      '--loop is for tables: --overlay attaches its file by itself',
    ),
    refused(`${create} --zero 8 --key-random 256`, '--key-random is for --crypt, or for {key} in a table'),
    refused(
      `${create} --crypt disk.img --cipher 'aes xts'`,
      '--cipher aes xts: it must be one word',
      'hint: as in aes-xts-plain64 or aes-cbc-essiv:sha256; /proc/crypto lists what is loaded',
    ),
    refused(
      `${create} --concise 'n,,,rw'`,
      'concise table: it has 4 of at least 5 fields',
      'hint: a device reads NAME,UUID,MINOR,FLAGS,TABLE[,TABLE…]; devices are parted by ;, and in a table it is written \\;',
    ),
    refused(
      `${create} --concise 'a,,,rw,8 8 zero'`,
      '--concise, table 1, line 1: it starts at sector 8; a table must start at 0',
    ),
    refused(
      `${create} --concise 'a,,,rw,0 8 zero' --table '0 8 zero'`,
      '--concise and --table exclude each other: both say what the device is',
    ),
    refused(
      `${create} --table 'a: 0 8 zero' --table 'b: 8 8 zero'`,
      '--table number 2, line 1: it is of device "b", and the lines before it of "a"',
      'hint: a table is of one device: "dmsetup table NAME" prints one',
    ),
    refused(
      `${create} --loop disk.img --table '0 {sectors0} linear {loop0} 0' --table '1 {sectors0} zero'`,
      '--table number 2, line 1: it starts at sector 1 and overlaps the line before it, which ends at 2048',
    ),
    refused(
      `${create} --table '0 {sectors0} zero'`,
      'the table says {sectors0}, but no loop file was given',
      'hint: give the file with --loop FILE',
    ),
    refused(
      `${create} --loop disk,img --table '0 8 linear {loop0} 0'`,
      '--loop disk,img: after the comma stands "img", which is no key',
      `hint: the keys are ${keys}; a comma in a path is written twice: disk,,img`,
    ),
    refused(
      `${create} --verity disk.img,hash=h.img`,
      '--verity disk.img,hash=h.img: root= is missing',
      'hint: as in --verity data.img,hash=hash.img,root=HEX, with the root hash that "veritysetup format" printed',
    ),
    refused(
      `${create} --verity disk.img,hash=h.img,root=xyz`,
      '--verity disk.img,hash=h.img,root=xyz: root=xyz is no number of hexadecimal digits',
    ),
    refused(
      `${create} --verity disk.img,hash=disk.img,root=00,fec-roots=2`,
      '--verity disk.img,hash=disk.img,root=00,fec-roots=2: fec= is missing',
      'hint: fec-offset= and fec-roots= are of that file',
    ),
    refused(
      `${create} --verity disk.img,hash=disk.img,root=00,fec=tiny.img,fec-roots=1`,
      '--verity disk.img,hash=disk.img,root=00,fec=tiny.img,fec-roots=1: fec-roots=1 is not from 2 to 24',
    ),
    refused(
      `${create} --verity disk.img,hash=tiny.img,root=00`,
      'hash "tiny.img": no superblock of veritysetup is there',
      'hint: it may begin elsewhere: give its offset; without a superblock (no-superblock), a table has to be written by hand',
    ),
    refused(
      'dmfd swap disk.img,ro',
      'BACKING disk.img,ro: after the comma stands "ro", which is no key',
      'hint: the keys are partition= offset= size=; a comma in a path is written twice: disk.img,,ro',
    ),
    refused(
      'dmfd swap disk.img,offset=8 --offset 8',
      'BACKING disk.img,offset=8: offset is given by --offset already',
    ),
    refused(
      'dmfd swap disk.img,offset=37B',
      'BACKING disk.img,offset=37B: offset=37B: it is no whole sectors of 512 bytes',
    ),
    refused(
      'dmfd swap disk.img,partition=1',
      'backing "disk.img": no partition table is found in it',
      'hint: "fdisk -l" shows what it has',
    ),
    refused(
      'dmfd swap LABEL=',
      '"LABEL=": nothing stands after LABEL=',
      'hint: for a file of that name: ./LABEL=',
    ),
    refused(
      `${create} --loop disk.img,size=2M --table '0 8 linear {loop0} 0'`,
      'loop file "disk.img": the size is 2097152 bytes, and there are only 1048576',
    ),
  ];
}

describe('the command line', () => {
  test.concurrent.each(ROWS)('$line', async ({ line, code, stdout = '', stderr = '' }) => {
    expect(await type(line)).toMatchObject({ code, stdout, stderr });
  });
});
