/**
 * A guest to measure in, with a root directory in its memory: nothing that is timed waits for the host.
 *
 * @module
 */
import { join } from 'node:path';
import { program } from '../programs.js';
import { checkout, vmFile } from '../vm/harness/checkout.js';
import { type OwnVm, startVm } from '../vm/harness/shared-vm.js';
import { unpackedUdev } from '../vm/harness/udev.js';

const ROOT = '/bench';
const PROGRAMS = ['node', 'dmsetup', 'cryptsetup', 'mkswap', 'swapon', 'swapoff', 'losetup', 'true', 'sleep'];
/** What dmfd is, where nothing but make build was done; and what measures. */
const PARTS = [
  'bin',
  'dist',
  'package.json',
  'native-shims/build/dmfd',
  'native-shims/build/libdmfd.so',
  'build/patient/dmfd',
  'node_modules/ffi-rs',
  'node_modules/@yuuang',
  'test/bench/programs/library.mjs',
  'test/bench/programs/steps.cjs',
];
/** Of Debian's udev, when it is installed in the guest. */
const UDEV = ['/usr/lib/systemd/systemd-udevd', '/usr/lib/udev', '/etc/udev'];
const TOOLS = ['stopwatch', 'bare', 'shim-alone'];

/** Makes a device for a command that does nothing: the words of dmfd. */
export const CREATE: readonly string[] = ['create', '--table', '0 8 zero', '--exec', '--', 'true'];

/** A file of {@link BenchGuest.served}, in the memory of the guest. */
export const SERVED_FILE = '/tmp/served.img';

/** The same over a file. */
export const CREATE_OVER_FILE: readonly string[] = [
  'create',
  '--linear',
  SERVED_FILE,
  '--exec',
  '--',
  'true',
];

/** Devices of either kind that the service has made before it is measured. */
export const ANSWERED_BEFORE = 500;

type Environment = Readonly<Record<string, string>>;

/** What dmsetup and cryptsetup are told where no udevd runs. */
const NO_UDEV: Environment = { DM_DISABLE_UDEV: '1' };

/** What a program is started with in the guest: words, and `;` or `&` between commands, as stopwatch takes them. */
export type Words = readonly string[];

export class BenchGuest {
  #environment = NO_UDEV;

  private constructor(readonly vm: OwnVm) {}

  /**
   * @param clock `counted`: of one processor, whose instructions take a nanosecond each; `real`: of two, on the host's clock
   */
  static async start(kernel: string, clock: 'counted' | 'real'): Promise<BenchGuest> {
    const counted = clock === 'counted';
    const vm = await startVm(kernel, {
      logName: `bench-${kernel}-${clock}`,
      cpus: counted ? 1 : 2,
      counted,
      memory: 6144,
    });
    const guest = new BenchGuest(vm);
    const parts = PARTS.map((part) => join(checkout, part));
    const memoryRoot = join(checkout, 'test/bench/programs/memory-root.sh');
    await guest.sh(`set -e; ${vmFile('udev/install.sh')} ${await unpackedUdev()}
      modprobe dm-mod; modprobe dm-crypt; modprobe loop
      ${memoryRoot} ${ROOT} $(for name in ${PROGRAMS.join(' ')}; do which $name; done) ${[...parts, ...TOOLS.map(program), ...UDEV].join(' ')}
      mkdir -p ${ROOT}/usr/local/bin; ln -s ${join(checkout, 'native-shims/build/dmfd')} ${ROOT}/usr/local/bin/dmfd`);
    return guest;
  }

  async close(): Promise<void> {
    await this.vm.close();
  }

  /** Runs a script of the guest's own shell, which has to succeed, and returns what it prints. */
  async sh(script: string): Promise<string> {
    // No time limits: where instructions are counted, a guest that waits for the host lets all time pass at once.
    const { code, signal, stdout, stderr } = await this.vm.sh(script, {
      timeoutMs: 0,
      env: this.#environment,
    });
    if (code === 0) return stdout;
    throw new Error(`${script}\nended with ${code ?? signal}\n${stdout}${stderr}`);
  }

  /** Puts a file into the memory of the guest; its path for programs there. */
  async file(name: string, content: string): Promise<string> {
    const path = `/tmp/${name}`;
    const { code, stderr } = await this.vm.run(['sh', '-c', `cat >${ROOT}${path}`], {
      stdin: content,
      timeoutMs: 0,
    });
    if (code !== 0) throw new Error(`${path}: ${stderr}`);
    return path;
  }

  /** Nanoseconds that the commands take, one after the other or at the same time; then waits until their devices are gone. */
  async time(words: Words, input?: string): Promise<number> {
    const stopwatch = program('stopwatch');
    return await this.printed([stopwatch, ...(input === undefined ? [] : ['--in', input]), ...words]);
  }

  /** The number that a program prints; then waits until its devices are gone. */
  async printed(words: Words): Promise<number> {
    const before = await this.deviceCount();
    const { code, stdout, stderr } = await this.vm.run(inRoot(words), {
      timeoutMs: 0,
      env: this.#environment,
    });
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}`);
    await this.sh(`until [ "$(ls /sys/block | grep -c '^dm-')" -le ${before} ]; do sleep 0.5; done`);
    return Number(stdout);
  }

  async deviceCount(): Promise<number> {
    return Number(await this.sh("ls /sys/block | grep -c '^dm-' || :"));
  }

  /**
   * Has the service run while `use` is done, and answer: there is no Node then for a launcher to become. It has answered some before,
   * so that V8 has compiled what it does.
   */
  async served<T>(use: () => Promise<T>): Promise<T> {
    await this.sh(`truncate -s 1M ${ROOT}${SERVED_FILE}`);
    const before = [CREATE, CREATE_OVER_FILE].map(
      (words) => `dmfd ${words.map((word) => `'${word}'`).join(' ')}`,
    );
    return await this.during(['dmfd', 'serve'], undefined, async () => {
      const node = `${ROOT}$(which node)`;
      await this.sh(`until [ "$(pgrep -cf '[w]arm.cjs')" -ge 2 ]; do sleep 0.2; done; mv "${node}" "${node}.away"
        until chroot ${ROOT} dmfd ls >/dev/null 2>&1; do sleep 0.2; done
        for i in $(seq ${ANSWERED_BEFORE}); do ${before.map((line) => `chroot ${ROOT} ${line}`).join('; ')}; done`);
      try {
        return await use();
      } finally {
        await this.sh(`mv "${node}.away" "${node}"`);
      }
    });
  }

  /** Has udevd run while `use` is done, and those wait for it that would. */
  async withUdev<T>(use: () => Promise<T>): Promise<T> {
    await this.sh(`${vmFile('udev/start.sh')} ${await unpackedUdev()} ${ROOT}`);
    this.#environment = {};
    try {
      return await use();
    } finally {
      this.#environment = NO_UDEV;
      await this.sh(vmFile('udev/stop.sh'));
    }
  }

  /** Runs a program until `use` has been done. */
  async during<T>(words: Words, ready: RegExp | undefined, use: (pid: number) => Promise<T>): Promise<T> {
    const running = await this.vm.start(inRoot(words), {
      timeoutMs: 0,
      stdin: 'null',
      env: this.#environment,
    });
    try {
      if (ready !== undefined) await running.waitForOutput(ready, 3_600_000);
      return await use(running.pid);
    } finally {
      running.signal('SIGTERM', 'session');
      await running.exited;
      await this.sh('until [ "$(ls /sys/block | grep -c \'^dm-\')" = 0 ]; do sleep 0.5; done');
    }
  }
}

/** Ten thousand devices are ten thousand descriptors. */
function inRoot(words: Words): string[] {
  return ['sh', '-c', `ulimit -n 65536; exec chroot ${ROOT} "$@"`, 'sh', ...words];
}
