import { FINE, type Row, UNUSED } from './row.js';

const create = (options: string) => `dmfd create ${FINE} ${options} ${UNUSED}`;
const command = (words: string) => `dmfd create ${FINE} -- ${words}`;

export const OPTIONS: readonly Row[] = [
  {
    what: 'an option that does not exist',
    line: create('--frob'),
    says: [/unknown option '--frob'/, /create --help/],
  },
  {
    what: 'a descriptor beyond the limit',
    line: `ulimit -n 64; ${create('--fd 64')}`,
    says: [/--fd 64: it must be a descriptor number from 0 to 63 \(see ulimit -n\)/],
  },
  {
    what: 'a descriptor that only another kernel returns',
    line: create('--mode atomic'),
    says: [/this kernel does not return a descriptor/, /hint: .*--mode auto/],
    kernels: /^debian-/,
  },
  {
    what: '--exec without a command',
    line: `dmfd create ${FINE} --exec`,
    says: [/--exec needs a command/, /after --/],
  },
  { what: '--exec with --wait-gone', line: create('--exec --wait-gone'), says: [/exclude each other/] },
  {
    what: 'a command without --',
    line: `dmfd create ${FINE} touch ran`,
    says: [/too many arguments/, /hint: put the command after --/],
  },
  { what: 'nothing after --', line: `dmfd create ${FINE} --`, says: [/no command stands after --/] },
  {
    what: 'a command that does not exist',
    line: command('nonexistent-command'),
    code: 127,
    says: [/command "nonexistent-command": not found/, /hint: .*sh -c/],
  },
  {
    what: 'a command that is no program',
    line: command('./disk.img'),
    code: 126,
    says: [/command "\.\/disk\.img": not executable \(EACCES\)/, /hint: .*execute permission/],
  },
  {
    what: 'a script without its first line',
    line: command('./no-first-line'),
    code: 126,
    says: [/command "\.\/no-first-line": ENOEXEC/, /hint: .*#!\/bin\/sh/],
  },
  {
    what: 'a script whose interpreter is missing',
    line: command('./no-interpreter'),
    code: 127,
    says: [/command "\.\/no-interpreter": ENOENT/, /hint: .*interpreter/],
  },
  {
    what: 'the same, to become it',
    line: `dmfd create ${FINE} --exec -- ./no-interpreter`,
    code: 127,
    says: [/command "\.\/no-interpreter": ENOENT/],
  },
  {
    what: 'a full disk for standard output',
    line: `dmfd create ${FINE} --json </dev/null >/dev/full`,
    says: [/write to standard output: ENOSPC/],
  },
  {
    what: 'standard streams that are all closed',
    line: `dmfd create ${FINE} -- true <&- >&- 2>&-`,
    code: 0,
    says: [/^$/],
  },
];
