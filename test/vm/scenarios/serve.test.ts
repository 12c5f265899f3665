import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { checkout, vmFile } from '../harness/checkout.js';
import type { GuestProcess } from '../harness/process.js';
import { atCall } from './at-call.js';
import { CLIENT, EXAMPLE, python } from './serve-client.js';
import { expectNothingLeft, image, inBareDev, sh, standing, thorough, vm } from './support.js';

let service: GuestProcess;
/** Those that have not ended: what a test leaves when it fails. */
const started = new Set<GuestProcess>();

async function start(argv: readonly string[]): Promise<GuestProcess> {
  const process = await vm.start(argv, { timeoutMs: 0 });
  started.add(process);
  const over = () => started.delete(process);
  process.exited.then(over, over);
  return process;
}

async function serve(): Promise<GuestProcess> {
  const process = await vm.start(['dmfd', 'serve'], { timeoutMs: 0, stdin: 'null' });
  await process.waitForOutput(/serving .*\n/, 60_000, 'stderr');
  return process;
}

/** A function `show`, which prints what failed, too. */
const SHOW = `
def show(method, **parameters):
    try:
        print(json.dumps(call(method, **parameters)[0], sort_keys=True))
    except RuntimeError as error:
        name, more = error.args
        print(name, more.get('code', more), more.get('errno', '-'))
`;

async function run(body: string): Promise<string> {
  const { code, stdout, stderr } = await vm.run(python(`${SHOW}\n${body}`), { timeoutMs: 120_000 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** Starts one that waits for the end of its input, once it has said so. */
async function holding(body: string): Promise<GuestProcess> {
  const process = await start(python(`${SHOW}\n${body}\nprint('ready', flush=True)\nsys.stdin.read()`));
  await process.waitForOutput(/ready\n/, 60_000);
  return process;
}

/** How many descriptors of devices, files and sockets the service has. Its threads have others of their own. */
const COUNT = () => `ls -l /proc/${service.pid}/fd | grep -Ec '/dev/(dm-|loop|mapper)|/tmp/|socket:'`;

/** Those of a client that has just gone are there for a moment: so many as there are five times, one after the other. */
const descriptors = () =>
  sh(`n=0 same=0 last=; until [ $same = 5 ] || [ $n -ge 100 ]; do
    n=$((n+1)) now=$(${COUNT()}); if [ "$now" = "$last" ]; then same=$((same+1)); else same=1 last=$now; fi
    sleep 0.1; done; echo $now`);

/** As many as there were before, if that comes within seconds, or how many there are instead. */
const descriptorsAgain = (before: string) =>
  sh(
    `n=0; until [ $(${COUNT()}) = ${before.trim()} ] || [ $n -ge 100 ]; do n=$((n+1)); sleep 0.1; done; ${COUNT()}`,
  );

beforeAll(async () => {
  await image('served.img', 1);
  service = await serve();
});

afterAll(() => service.signal('SIGTERM'));

afterEach(async () => {
  for (const process of started) process.signal('SIGKILL');
  await expectNothingLeft();
});

test('the example: the device is the client’s, and is there after the service was killed', async () => {
  expect(EXAMPLE.split('\n').length).toBeLessThan(30);
  const before = await descriptors();
  const client = await start(python('sys.stdout.flush(); sys.stdin.read()', EXAMPLE));
  await client.waitForOutput(/^\/dev\/dm-\d+\n$/, 60_000);
  expect(await standing()).toBe('dm: scratch');
  expect(await descriptorsAgain(before)).toBe(before);
  expect(await sh('dmfd ls -n -o name,size,state,open,held-by')).toMatch(
    /^scratch +1M held +1 process \d+ \(python3\)\n$/,
  );
  service.signal('SIGKILL');
  await service.exited;
  expect(await standing()).toBe('dm: scratch');
  // It replaces the socket that the killed one has left.
  service = await serve();
  client.closeStdin();
  await client.exited;
});

test('a device of everything, listed, given more room, and removed', async () => {
  const client = await holding(`
key, end = os.pipe()
os.write(end, b'k' * 64)
os.close(end)
def create(**parameters):
    # The descriptor goes with the call.
    with socket.socket(socket.AF_UNIX) as service:
        service.connect('/run/dmfd/dmfd.sock')
        message = json.dumps({'method': 'io.dmfd.Create', 'parameters': parameters}).encode() + b'\\0'
        socket.send_fds(service, [message], [key])
        reply, fds, _, _ = socket.recv_fds(service, 65536, 2)
    return json.loads(reply[:-1])['parameters'], fds
answer, [fd] = create(
    name='top',
    segments=[{'target': 'linear', 'backing': {'path': '{below}', 'size': 65536}}],
    below=[{
        'table': ['0 2048 crypt aes-xts-plain64 {key} 0 {loop0} 0'], 'loop': [{'path': '/tmp/served.img'}],
        'key': {'fileDescriptor': 0},
    }],
    mode='auto', udev='quiet', sharedLoop=False)
assert os.stat(fd).st_rdev == os.makedev(answer['device']['major'], answer['device']['minor'])
assert os.pread(fd, 4, 0) != b'\\0\\0\\0\\0'
assert [answer['fileDescriptor'], answer['warnings']] == [0, []]
print(json.dumps(answer['device'], sort_keys=True))
listed, _ = call('List')
print([(one['name'], one['openCount'], one['state']) for one in listed['devices']])
print(call('FindHolders', major=answer['device']['major'], minor=answer['device']['minor'])[0])
show('Resize', device='top', size=131072)
removed = call('Remove', diskseq=answer['device']['diskseq']) if answer['device']['diskseq'] else call('Remove', device='top')
print(removed[0]['gone'], removed[0]['holders'])`);
  const [device = '', listed, holders, resized, removed] = client.stdout.split('\n');
  expect(JSON.parse(device)).toMatchObject({
    name: 'top',
    size: 65_536,
    readonly: false,
    loops: [],
    below: [{ name: 'top-0', size: 1 << 20, loops: [{ file: '/tmp/served.img' }], key: expect.any(String) }],
  });
  expect(listed).toBe("[('top-0', 1, 'held'), ('top', 1, 'held')]");
  expect(holders).toMatch(/^\{'holders': \['process \d+ \(python3\)'\]\}$/);
  expect(JSON.parse(resized ?? '')).toEqual({ name: 'top', before: 65_536, size: 131_072 });
  expect(removed).toMatch(/^False \['process \d+ \(python3\)'\]$/);
  client.closeStdin();
  await client.exited;
});

test('swap is on without any process that holds it, and the machine can be probed', async () => {
  await sh('fallocate -l 16M /tmp/served-swap && chmod 600 /tmp/served-swap');
  const [swap = '', probed = ''] = (
    await run("show('CreateSwap', backing='/tmp/served-swap', name='served', label='by dmfd'); show('Probe')")
  ).split('\n');
  expect(JSON.parse(swap)).toMatchObject({ swap: { name: 'served', label: 'by dmfd' }, warnings: [] });
  expect(await sh('swapon --noheadings --show=LABEL; swapoff /dev/dm-*')).toBe('by dmfd\n');
  expect(JSON.parse(probed)).toMatchObject({ usable: true, loop: { available: true } });
});

test('swap that the client cannot be told of is off again', async () => {
  await sh('fallocate -l 16M /tmp/untold-swap && chmod 600 /tmp/untold-swap');
  const untold = `
import select
def ask(name, **more):
    service = socket.socket(socket.AF_UNIX)
    service.connect('/run/dmfd/dmfd.sock')
    # It does not go, but an answer has no way to it.
    service.shutdown(socket.SHUT_RD)
    call = {'method': 'io.dmfd.CreateSwap', 'parameters': {'backing': '/tmp/untold-swap', 'name': name}, **more}
    service.sendall(json.dumps(call).encode() + b'\\0')
    return service
def swaps():
    return len(open('/proc/swaps').readlines()) - 1
over = select.poll()
untold = ask('untold')
over.register(untold, 0)
print(over.poll(60000)[0][1] & select.POLLHUP != 0, swaps())
# Nobody is to be told of this one, and its client does not stay.
ask('oneway', oneway=True).close()
for _ in range(600):
    if swaps(): break
    select.select([], [], [], 0.1)
print(swaps())`;
  expect(await run(untold)).toBe('True 0\n1\n');
  await sh('swapoff /dev/dm-*');
});

test('what goes wrong is told, and leaves nothing', async () => {
  const before = await descriptors();
  const output = await run(`
show('Create', table=['0 8 linear /dev/nonexistent 0'])
show('Create', table=['0 8 nonsense'])
show('Create', table=['0 8 linear {loop0} 0'], loop=[{'path': '/tmp/absent'}])
show('Create', table=['0 8 linear {loop0} 0'], loop=[{'path': 'tmp/served.img'}])
show('Create', segments=[{'target': 'linear', 'backing': {'path': '/tmp/served.img', 'offset': 1 << 40}}])
show('Create', segments=[{'target': 'zero', 'size': 512, 'chunk': 512}])
show('Create', segments=[{'target': 'zero', 'size': '512'}])
show('Create', table=['0 8 zero'], mapperLink=True)
show('Create', table=['0 8 crypt x {key} 0 8:0 0'], key={'fileDescriptor': 0})
show('Create', table=['0 8 crypt x {key} 0 8:0 0'], key={'fd': 0})
os.mkfifo('/tmp/fifo')
show('Create', table=['0 8 crypt x {key} 0 8:0 0'], key={'file': '/tmp/fifo'})
show('CreateSwap', backing='/dev/null')
show('Remove', device='absent')
show('Remove')
show('Resize', diskseq=999999)`);
  expect(output.trim().split('\n')).toEqual([
    // Of 5.10, ENODEV.
    expect.stringMatching(/^io\.dmfd\.Failed lookup-failed (ENOENT|ENODEV)$/),
    'io.dmfd.Failed target-unknown EINVAL',
    'io.dmfd.Failed loop-file-unusable ENOENT',
    'io.dmfd.Failed invalid-request -',
    'io.dmfd.Failed area-unusable -',
    'io.dmfd.Failed invalid-request -',
    "org.varlink.service.InvalidParameter {'parameter': 'segments[0].size'} -",
    "org.varlink.service.InvalidParameter {'parameter': 'mapperLink'} -",
    'io.dmfd.Failed key-not-open -',
    "org.varlink.service.InvalidParameter {'parameter': 'key.fd'} -",
    'io.dmfd.Failed key-unusable -',
    'io.dmfd.Failed backing-unusable -',
    'io.dmfd.Failed device-missing -',
    'io.dmfd.Failed invalid-request -',
    'io.dmfd.Failed device-missing -',
  ]);
  expect(await descriptorsAgain(before)).toBe(before);
});

thorough('who waits for a key holds up nobody, and ends that by going', async () => {
  const before = await descriptors();
  // Somebody who never writes.
  const silent = await start([
    'sh',
    '-c',
    'mkfifo /tmp/silent; exec 3<>/tmp/silent; echo open; exec sleep 1000',
  ]);
  await silent.waitForOutput(/open/);
  const waiting = await holding(`
silent = os.open('/tmp/silent', os.O_RDONLY)
service = socket.socket(socket.AF_UNIX)
service.connect('/run/dmfd/dmfd.sock')
parameters = {
    'name': 'waits', 'table': ['0 8 crypt aes-xts-plain64 {key} 0 {loop0} 0'], 'loop': [{'path': '/tmp/served.img'}],
    'key': {'fileDescriptor': 0},
}
message = json.dumps({'method': 'io.dmfd.Create', 'parameters': parameters}).encode() + b'\\0'
socket.send_fds(service, [message], [silent])`);
  const others = await run("for name in 'abc': show('Create', name=name, table=['0 8 zero'])");
  expect(others.trim().split('\n')).toHaveLength(3);
  expect(Number(await descriptors())).toBeGreaterThan(Number(before));
  waiting.signal('SIGKILL');
  await waiting.exited;
  expect(await descriptorsAgain(before)).toBe(before);
  // There was nobody to be told, and nothing went wrong.
  expect(service.stderr).toMatch(/^dmfd: serving .*\n$/);
  silent.signal('SIGKILL');
  await silent.exited;
});

thorough('who waits for a disk that does not answer holds up nobody', async () => {
  const before = await descriptors();
  await sh('modprobe fuse; touch /tmp/hung');
  const disk = await start(['python3', '-SE', vmFile('scenarios/swap-refused/served-file.py'), '/tmp/hung']);
  await sh('until mountpoint -q /tmp/hung; do sleep 0.1; done');
  disk.signal('SIGSTOP');
  const output = await run(`
import select
waiting = []
# More than are done at once.
for _ in range(20):
    service = socket.socket(socket.AF_UNIX)
    service.connect('/run/dmfd/dmfd.sock')
    asked = {'method': 'io.dmfd.Create', 'parameters': {'segments': [{'target': 'linear', 'backing': {'path': '/tmp/hung'}}]}}
    service.sendall(json.dumps(asked).encode() + b'\\0')
    waiting.append(service)
select.select([], [], [], 1)
show('List')
print(len(select.select(waiting, [], [], 0)[0]))`);
  expect(output).toBe('{"devices": []}\n0\n');
  // What is asked of it fails then.
  disk.signal('SIGKILL');
  await disk.exited;
  // Threads that waited for it may still be leaving.
  await sh('until umount /tmp/hung 2>/dev/null; do sleep 0.1; done; rm /tmp/hung');
  expect(await descriptorsAgain(before)).toBe(before);
});

/** A service that is stopped at a call to the kernel, for a script, while a client asks for a device; what the client hears. */
async function stoppedAt(
  call: 'DM_TABLE_LOAD' | 'DM_DEV_REMOVE' | 'DM_DEV_SUSPEND',
  script: string,
): Promise<string> {
  const client = `${CLIENT.replace('/run/dmfd/', '/tmp/halted/')}\n${SHOW}
import os
open('/tmp/client.pid', 'w').write(str(os.getpid()))
try:
    show('Create', name='stopped', table=['0 8 linear {loop0} 0'], loop=[{'path': '/tmp/served.img'}])
except (EOFError, ConnectionError) as error:
    print('nothing')
`;
  return await sh(`cat >/tmp/client.py <<'END'\n${client}\nEND
    ${atCall(call, { run: script })} dmfd serve --directory /tmp/halted 2>/tmp/halted.log & service=$!
    n=0; until grep -qs serving /tmp/halted.log || [ $n -ge 600 ]; do n=$((n+1)); sleep 0.05; done
    grep -q serving /tmp/halted.log || { cat /tmp/halted.log; ps -ef; exit 9; }
    python3 -SE /tmp/client.py
    [ -z "$(dmfd ls)" ] || { sleep 1; dmfd ls -n; }
    pkill --parent $service; wait $service; rm -rf /tmp/halted*`);
}

for (const call of ['DM_DEV_REMOVE', 'DM_TABLE_LOAD', 'DM_DEV_SUSPEND'] as const)
  thorough(`killed at ${call}, while it makes a device, it leaves nothing`, async () => {
    expect(await stoppedAt(call, 'kill -9 $COMMAND')).toBe('nothing\n');
  });

thorough(
  'where another edition of dmfd is installed, calls that run are over first, and then the service is',
  async () => {
    const client = `${CLIENT.replace('/run/dmfd/', '/tmp/upgraded/')}
import os, subprocess
def ask(method, fds=[], **parameters):
    service = socket.socket(socket.AF_UNIX)
    service.connect('/tmp/upgraded/dmfd.sock')
    message = json.dumps({'method': 'io.dmfd.' + method, 'parameters': parameters}).encode() + b'\\0'
    socket.send_fds(service, [message], fds)
    return service
idle = ask('List')
idle.recv(65536)
silent, key = os.pipe()
waiting = ask('Create', [silent], name='waits', table=['0 8 crypt aes-xts-plain64 {key} 0 {loop0} 0'],
    loop=[{'path': '/tmp/served.img'}], key={'fileDescriptor': 0})
while not subprocess.run(['losetup', '-j', '/tmp/served.img'], capture_output=True).stdout: pass
upgrade = ['mount', '--bind', '/tmp/worker.js', '${checkout}/dist/module/worker.js']
subprocess.run(upgrade, check=True)
try:
    print(call('List'))
except (EOFError, ConnectionError):
    print('nothing')
print(idle.recv(1))
os.write(key, b'k' * 64)
os.close(key)
reply, fds, _, _ = socket.recv_fds(waiting, 65536, 1)
print(json.loads(reply[:-1])['parameters']['device']['name'], len(fds), waiting.recv(1))`;
    const output = await sh(`cp ${checkout}/dist/module/worker.js /tmp/worker.js; cat >/tmp/client.py <<'END'
${client}
END
    unshare -m sh <<'END'
dmfd serve --directory /tmp/upgraded 2>/tmp/upgraded.log & service=$!
until grep -qs serving /tmp/upgraded.log; do sleep 0.05; done
python3 -SE /tmp/client.py; wait $service; echo $?
END
    rm -r /tmp/upgraded* /tmp/worker.js`);
    expect(output).toBe("nothing\nb''\nwaits 1 b''\n0\n");
  },
);

thorough('where /dev has no node, the client is told of none of the service’s descriptors', async () => {
  const client = `${CLIENT.replace('/run/dmfd/', '/tmp/nodeless/')}
import os
answer, [fd] = call('Create', name='nodeless', table=['0 16 zero'])
print(os.stat(fd).st_rdev == os.makedev(answer['device']['major'], answer['device']['minor']))
print(answer['device']['path'], answer['device']['minor'])`;
  const output = await sh(`cat >/tmp/client.py <<'END'
${client}
END
${inBareDev(`dmfd serve --directory /tmp/nodeless 2>/tmp/nodeless.log & service=$!
until grep -qs serving /tmp/nodeless.log; do sleep 0.05; done
python3 -SE /tmp/client.py; kill $service; wait $service`)}
rm -r /tmp/nodeless*`);
  expect(output).toMatch(/^True\n\/dev\/dm-(\d+) \1\n$/);
});

thorough('nor does a client that is killed while its device is made', async () => {
  expect(await stoppedAt('DM_DEV_SUSPEND', 'kill -9 $(cat /tmp/client.pid)')).toBe('');
});

/** What a client does before it asks: it has a filter that lets all calls through. */
const FILTER = `
import ctypes, struct
allow = ctypes.create_string_buffer(struct.pack('<HBBI', 6, 0, 0, 0x7fff0000))
program = struct.pack('<H6xQ', 1, ctypes.addressof(allow))
libc = ctypes.CDLL(None, use_errno=True)
# PR_SET_NO_NEW_PRIVS, then PR_SET_SECCOMP with SECCOMP_MODE_FILTER.
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0`;

const OTHERS: [who: string, command: string, why: string, first?: string][] = [
  ['of another mount namespace', 'unshare --mount', 'it is in another namespace'],
  ['of another network namespace', 'unshare --net', 'it is in another namespace'],
  ['of another PID namespace', 'unshare --fork --pid', 'it is in another namespace'],
  ['of another user namespace', 'unshare --user --map-root-user', 'it is in another namespace'],
  ['of another root directory', 'chroot /tmp/root', 'it has another root directory'],
  [
    'without CAP_SYS_ADMIN',
    'setpriv --bounding-set=-sys_admin',
    'it does not have all capabilities that the service has',
  ],
  ['of another user, with root’s rights', 'setpriv --ruid=1', 'it runs as another user'],
  ['with a filter of system calls', 'env', 'it has a filter of system calls (seccomp)', FILTER],
];

test('only equals are served', async () => {
  await sh('mkdir -p /tmp/root && mount --rbind / /tmp/root');
  const asked = async (command: string, first = '') => {
    const ask = `${first}\ntry:\n    print(call('List')[0])\nexcept RuntimeError as error:\n    print(error.args[1]['message'])`;
    return (await vm.run([...command.split(' '), ...python(ask)])).stdout;
  };
  for (const [who, command, why, first] of OTHERS) {
    const refusal = `the client may not ask for this: ${why}\n`;
    expect([who, await asked(command, first)]).toEqual([who, refusal]);
  }
  await sh('umount --recursive --lazy /tmp/root');
  expect(await asked('chroot /')).toBe("{'devices': []}\n");
  const stranger = await vm.run(['setpriv', '--reuid=1', '--clear-groups', ...python("call('List')")]);
  expect(stranger.stderr).toContain('PermissionError');
});

thorough(
  'what a client was when it connected does not count, but what it is when the service accepts',
  async () => {
    const output = await run(`
import signal
def late(change):
    os.kill(${service.pid}, signal.SIGSTOP)
    ready, told = os.pipe()
    if os.fork() == 0:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect('/run/dmfd/dmfd.sock')
            change()
            os.write(told, b'x')
            connection.sendall(json.dumps({'method': 'io.dmfd.List'}).encode() + b'\\0')
            answer = json.loads(connection.recv(65536)[:-1])['parameters']
            print(answer.get('message', answer), flush=True)
        os._exit(0)
    os.close(told)
    os.read(ready, 1)
    os.kill(${service.pid}, signal.SIGCONT)
    # Until none has the other end.
    assert os.read(ready, 1) == b''
def becomes_another():
    os.setresuid(1, 1, 1)
def leaves_it_to_a_child():
    own = os.getpid()
    if os.fork() != 0: os._exit(0)
    while os.getppid() == own: pass
late(lambda: None)
late(becomes_another)
late(leaves_it_to_a_child)`);
    expect(output.split('\n')).toEqual([
      "{'devices': []}",
      'the client may not ask for this: it runs as another user',
      'the client may not ask for this: it is a process that cannot be seen from here, or has ended',
      '',
    ]);
  },
);
