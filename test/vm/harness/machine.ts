import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { program } from '../../programs.js';
import { chosenAccelerator, rememberAccelerator } from './accelerator.js';
import { checkout } from './checkout.js';
import { crashReport } from './console-log.js';
import { builtInitramfs } from './initramfs.js';
import { findKernel, type Kernel } from './kernel.js';
import { type QemuRequest, startQemu } from './qemu.js';
import { unpackedUdev } from './udev.js';
import { unpackedXen } from './xen.js';

export type MachineOptions = Pick<
  QemuRequest,
  'terminal' | 'append' | 'memory' | 'cpus' | 'counted' | 'root'
> & {
  /**
   * Process 1 is systemd, with udevd and journald, which a root of its own has to have; what vm.run() starts belongs to a
   * service.
   */
  systemd?: boolean;
  /** It is domain 0 of Xen; nothing of Xen's toolstack runs yet. Always emulated. */
  xen?: boolean;
  /** The console log is `build/vm-logs/NAME/console.log`; default the kernel's name. */
  logName?: string;
};

/** A QEMU that runs. Whether its guest has come up is seen on `port`. */
export interface Machine {
  kernel: Kernel;
  consoleLog: string;
  port: Duplex;
  /** Settles when QEMU has ended, with what to tell about it. */
  died: Promise<string>;
  kill(): Promise<void>;
}

/** How long a guest that KVM runs may take until its agent speaks; they need about one second. */
const kvmTrialMs = 10_000;

export async function startMachine(kernelName: string, options: MachineOptions = {}): Promise<Machine> {
  const kernel = await findKernel(kernelName);
  const initramfs = await builtInitramfs(kernel, program('agent'));
  const directory = join(checkout, 'build/vm-logs', options.logName ?? kernelName);
  const udev = options.systemd && !options.root ? { udevIn: await unpackedUdev() } : {};
  const xen = options.xen ? { xenIn: await unpackedXen(), memory: 3072 } : {};
  const boot = (accelerator: 'tcg' | 'kvm') =>
    launch({
      ...options,
      ...udev,
      ...xen,
      kernel,
      initramfs,
      accelerator,
      consoleLog: freshConsoleLog(directory),
    });

  if (options.xen || options.counted) return boot('tcg');
  const accelerator = chosenAccelerator();
  if (accelerator !== 'untried') return boot(accelerator);
  const trial = boot('kvm');
  if (await speaksWithin(trial, kvmTrialMs)) {
    rememberAccelerator('kvm');
    return trial;
  }
  await trial.kill();
  rememberAccelerator('tcg');
  return boot('tcg');
}

function launch(request: QemuRequest): Machine {
  const { kernel, consoleLog } = request;
  const qemu = startQemu(request);
  let errors = '';
  qemu.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const died = new Promise<string>((resolve) => {
    qemu.process.once('error', (error) => resolve(`QEMU could not be started: ${error.message}`));
    qemu.process.once('close', () => resolve(obituary(kernel.name, errors, consoleLog)));
  });
  // Its end is told by `died`; a write that meets it must not be a second, uncaught, report.
  qemu.port.on('error', () => {});
  return {
    kernel,
    consoleLog,
    port: qemu.port,
    died,
    async kill() {
      qemu.process.kill('SIGKILL');
      await died;
    },
  };
}

async function speaksWithin(machine: Machine, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const onReadable = () => settle(machine.port.readableLength > 0);
    const settle = (spoke: boolean) => {
      clearTimeout(timer);
      machine.port.removeListener('readable', onReadable);
      resolve(spoke);
    };
    const timer = setTimeout(() => settle(false), limitMs);
    machine.port.once('readable', onReadable);
    void machine.died.then(() => settle(false));
  });
}

function freshConsoleLog(directory: string): string {
  mkdirSync(directory, { recursive: true });
  const consoleLog = join(directory, 'console.log');
  rmSync(consoleLog, { force: true });
  return consoleLog;
}

function obituary(kernelName: string, errors: string, consoleLog: string): string {
  const qemu = errors.trim() && `\nQEMU says:\n${errors.trim()}`;
  return `the guest kernel died (${kernelName})${qemu}\nfrom ${consoleLog}:\n${crashReport(consoleLog)}`;
}
