import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { everything, expectNothingLeft, sh, standing, thorough, vm } from './support.js';

beforeAll(() => sh(`cat >/tmp/counter <<'EOF'\n${COUNTER}EOF\nchmod +x /tmp/counter`));
beforeEach(() => sh('rm -f /tmp/enough'));
afterEach(expectNothingLeft);

const CTRL_C = '\x03';
const CTRL_Z = '\x1a';

/** Says what signals it gets, one line each, until it is told to end; not at once, for ^C and ^Z throw away pending output. */
const COUNTER = `#!/usr/bin/perl
$| = 1;
for my $name (qw(INT HUP QUIT CONT WINCH USR1)) { $SIG{$name} = sub { select undef, undef, undef, 0.1; print "<$name>\\n" } }
print "<ready>\\n";
sleep 1 until -e "/tmp/enough";
`;

/** An interactive shell on a terminal of its own. */
async function interactive() {
  const shell = await vm.start(['script', '-qec', 'PS1="prompt> " bash --norc --noprofile -i', '/dev/null'], {
    env: { TERM: 'dumb' },
  });
  await shell.waitForOutput(/prompt> /, 30_000);
  let seen = shell.stdout.length;
  return {
    type: (keys: string) => shell.write(keys),
    /** Waits for this in what came since the last time. */
    see: async (what: RegExp) => {
      await shell.waitForOutput(new RegExp(`^[\\s\\S]{${seen}}[\\s\\S]*?${what.source}`), 60_000);
      const match = what.exec(shell.stdout.slice(seen));
      seen += (match?.index ?? 0) + (match?.[0].length ?? 0);
    },
    output: () => shell.stdout,
    exited: shell.exited,
  };
}

const WRAPPERS = {
  plain: '',
  one: "dmfd create a --table '0 8 zero' -- ",
  two: "dmfd create a --table '0 8 zero' -- dmfd create b --table '0 8 zero' -- ",
};

test.each(Object.entries(WRAPPERS).filter(([what]) => everything || what !== 'two'))(
  'job control in an interactive shell works: %s',
  async (_what, wrapper) => {
    const devices = wrapper.split('create').length - 1;
    const shell = await interactive();
    shell.type(`${wrapper}/tmp/counter; echo "status $?"\n`);
    await shell.see(/<ready>/);
    shell.type(CTRL_C);
    await shell.see(/<INT>/);
    shell.type(CTRL_Z);
    await shell.see(/Stopped[\s\S]*prompt> /);
    expect((await standing()).split('\n').filter(Boolean)).toHaveLength(devices);
    shell.type('fg\n');
    await shell.see(/<CONT>/);
    shell.type(CTRL_Z);
    await shell.see(/Stopped[\s\S]*prompt> /);
    shell.type('bg\n');
    await shell.see(/<CONT>/);
    shell.type('kill -USR1 %1\n');
    await shell.see(/<USR1>/);
    shell.type('touch /tmp/enough; wait; echo "ended $?"; exit\n');
    await shell.see(/ended 0/);
    await shell.exited;
    const counted = (name: string) => shell.output().split(`<${name}>`).length - 1;
    // kill %1 goes to the whole job: from each dmfd, the command gets it once more.
    expect({ INT: counted('INT'), CONT: counted('CONT'), HUP: counted('HUP') }).toEqual({
      INT: 1,
      CONT: 2,
      HUP: 0,
    });
  },
);

test('a stop of the command alone stops dmfd for its shell, and SIGCONT to dmfd alone continues both', async () => {
  const shell = await interactive();
  shell.type(`${WRAPPERS.one}/tmp/counter\n`);
  await shell.see(/<ready>/);
  await sh('pkill -STOP -x counter');
  await shell.see(/Stopped[\s\S]*prompt> /);
  await sh('kill -CONT $(pidof dmfd)');
  await shell.see(/<CONT>/);
  await sh('touch /tmp/enough');
  shell.type('wait; echo "ended $?"; exit\n');
  await shell.see(/ended 0/);
  await shell.exited;
});

thorough('where no shell waits, a stopped command stops nobody else', async () => {
  const dmfd = await vm.start(['dmfd', 'create', '--table', '0 8 zero', '--', '/tmp/counter']);
  await dmfd.waitForOutput(/<ready>/, 60_000);
  const states = `for p in ${dmfd.pid} $(pgrep -x counter); do ps -o state= -p $p; done | tr -d '\\n'`;
  await sh('pkill -STOP -x counter; sleep 0.3');
  expect(await sh(states)).toBe('ST');
  await sh('pkill -CONT -x counter');
  await dmfd.waitForOutput(/<CONT>/, 60_000);
  await sh('pkill -STOP -x counter; sleep 0.3');
  dmfd.signal('SIGCONT');
  await dmfd.waitForOutput(/<CONT>\n<CONT>/, 60_000);
  await sh('touch /tmp/enough');
  expect(await dmfd.exited).toMatchObject({ code: 0 });
});

test('a command that ignores ^Z goes on, and its shell is not told otherwise', async () => {
  const shell = await interactive();
  shell.type(`trap "" TSTP; ${WRAPPERS.one}/tmp/counter; echo "status $?"\n`);
  await shell.see(/<ready>/);
  shell.type(CTRL_Z);
  shell.type(CTRL_C);
  await shell.see(/<INT>/);
  await sh('touch /tmp/enough');
  await shell.see(/status 0/);
  shell.type('exit\n');
  await shell.exited;
  expect(shell.output()).not.toContain('Stopped');
});

test('^C ends dmfd and command together, as it would end the command', async () => {
  const shell = await interactive();
  // Not a shell: one that is about to start its next command takes ^C for itself, and goes on.
  shell.type(`${WRAPPERS.two}perl -e '$| = 1; print "<re", "ady>\\n"; sleep 100'\n`);
  await shell.see(/<ready>/);
  shell.type(CTRL_C);
  // Not after the prompt: with ^C the kernel throws away what the terminal has still to put out.
  shell.type('echo "status $?"; exit\n');
  await shell.see(/status 130/);
  await shell.exited;
});
