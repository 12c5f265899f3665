import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { isMainThread } from 'node:worker_threads';
import { program } from '../../programs.js';
import type { Kernel } from './kernel.js';
import { processorsPerGuest } from './parallelism.js';

export interface QemuRequest {
  kernel: Kernel;
  initramfs: string;
  /** What the guest's kernel prints, from the first line on. */
  consoleLog: string;
  accelerator: 'tcg' | 'kvm';
  /** The guest's hvc0 is this process's standard input and output. */
  terminal?: boolean;
  /** The guest's root file system, as its own: this folder, instead of this machine's root. */
  root?: string;
  /** The guest's process 1 is systemd. */
  systemd?: boolean;
  /** Its udevd is from this directory, that of the unpacked package, and not what the root has. */
  udevIn?: string;
  /** The guest's kernel is domain 0 of the hypervisor in this directory: that of Xen's unpacked packages. */
  xenIn?: string;
  /** Added to the kernel's command line. */
  append?: string;
  /** MiB; default 1536. */
  memory?: number;
  /** Default: what parallelism.ts says. */
  cpus?: number;
  /**
   * Its clock counts the instructions of its processors, which take a nanosecond each, and not the time: what a command takes is
   * the same on every run and on a busy machine. Where all processors wait, the clock goes on to the next timer at once; so of what
   * waits for the host, or is limited in time, it says nothing.
   */
  counted?: boolean;
}

export interface Qemu {
  process: ChildProcess;
  /** The other end of the agent's virtio-serial port. */
  port: Duplex;
}

/**
 * Starts QEMU so that it cannot outlive this process: the kernel kills it when this process ends, however
 * that happens. The shell checks its parent after that was arranged, in case the end came before.
 */
export function startQemu(request: QemuRequest): Qemu {
  // The kernel's parent-death signal follows the thread that made the child, not its process.
  if (!isMainThread) throw new Error('QEMU has to be started from the main thread');
  const bound = ['--pdeathsig', 'KILL', 'sh', '-c', '[ "$PPID" = "$0" ] && exec "$@"', `${process.pid}`];
  const child = spawn('setpriv', [...bound, 'qemu-system-x86_64', ...qemuArguments(request)], {
    stdio: [request.terminal ? 'inherit' : 'ignore', request.terminal ? 'inherit' : 'ignore', 'pipe', 'pipe'],
  });
  return { process: child, port: child.stdio[3] as Duplex };
}

function qemuArguments(request: QemuRequest): string[] {
  const { kernel } = request;
  return [
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'],
    ...acceleration(request),
    ...['-m', `${request.memory ?? 1536}M`],
    ...boot(request),
    ...['-chardev', `file,id=console,append=on,path=${escaped(request.consoleLog)}`],
    ...['-serial', 'chardev:console'],
    ...sharedDirectory('host', request.root ?? '/'),
    ...(kernel.modules ? sharedDirectory('modules', kernel.modules) : []),
    ...(request.udevIn ? sharedDirectory('udev', request.udevIn) : []),
    ...['-device', 'virtio-serial-pci'],
    ...['-chardev', request.terminal ? 'stdio,id=terminal,signal=off' : 'null,id=terminal'],
    ...['-device', 'virtconsole,chardev=terminal'],
    // Descriptor 3 is `port`.
    ...['-chardev', 'socket,id=agent,fd=3', '-device', 'virtserialport,chardev=agent,name=dmfd'],
  ];
}

/** Xen gets the kernel, with its command line, and the initramfs as two modules. */
function boot(request: QemuRequest): string[] {
  const { kernel, initramfs, xenIn } = request;
  if (!xenIn) return ['-kernel', kernel.image, '-initrd', initramfs, '-append', commandLine(request)];
  const modules = `${escaped(`${kernel.image} ${commandLine(request)}`)},${escaped(initramfs)}`;
  return ['-kernel', `${xenIn}/boot/xen`, '-initrd', modules, '-append', forXen];
}

/** Without a reboot by Xen, a panic of domain 0 would leave QEMU running. */
const forXen =
  'console=com1 com1=115200,8n1 dom0_mem=2048M,max:2048M noreboot=no loglvl=error guest_loglvl=error';

/**
 * A guest that panics resets, and -no-reboot makes that QEMU's end. The emulated processors' TSCs are the
 * host's own, so in step; a kernel that distrusts them reads the far slower HPET instead. See {@link tscRate}. To fill
 * each page with zeros as soon as it is allocated takes a twentieth of a test's time.
 */
const forTheKernel = 'panic=-1 oops=panic tsc=reliable init_on_alloc=0';
/**
 * An emulator that has translated a page of a program for one process has done so for the next one only if that has it at the same
 * address: with random addresses, a start of Node takes half as long again, and one of a small program three times as long. In Xen's
 * domain 0, programs die of it.
 */
const SAME_ADDRESSES = 'norandmaps';
/** What a kernel does against attackers at each system call: no test is about it, and an emulated processor takes long for it. */
const UNGUARDED = 'mitigations=off randomize_kstack_offset=off';
const forSystemd =
  'dmfd.systemd systemd.unit=dmfd.target systemd.show_status=no systemd.log_target=journal-or-kmsg';

function commandLine(request: QemuRequest): string {
  const console = request.xenIn ? 'console=hvc0' : 'console=ttyS0';
  return [
    console,
    forTheKernel,
    !request.xenIn && SAME_ADDRESSES,
    // Benchmarks count what a user's kernel does.
    request.accelerator === 'tcg' && !request.counted && UNGUARDED,
    tscRate(request),
    request.systemd && forSystemd,
    request.udevIn && 'dmfd.udev',
    request.append,
  ]
    .filter(Boolean)
    .join(' ');
}

/** How fast the host's TSC counts: an emulated kernel that measures it on a busy machine may be wrong by a factor of thirty. */
function tscRate({ accelerator, counted }: QemuRequest): string {
  if (counted) return 'tsc_early_khz=1000000';
  const kilohertz =
    accelerator === 'kvm' ? 0 : Number(execFileSync(program('tsc-khz'), { encoding: 'utf8' }));
  return kilohertz > 0 ? `tsc_early_khz=${kilohertz}` : '';
}

function acceleration(request: QemuRequest): string[] {
  const cpus = `${request.cpus ?? processorsPerGuest()}`;
  if (request.accelerator === 'kvm') return ['-accel', 'kvm', '-cpu', 'host', '-smp', cpus];
  // With SMAP, an emulated kernel takes longer, and Xen's domain 0 dies at its first return to a program. "erms" promises that bytes
  // are copied one by one as fast as in eights, which is not so here; "la57" makes one more level of page tables.
  const cpu = ['-cpu', `max,smap=off${request.xenIn ? '' : ',erms=off,la57=off'}`, '-smp', cpus];
  if (request.counted)
    return ['-accel', 'tcg,thread=single', '-icount', 'shift=0,align=off,sleep=off', ...cpu];
  return ['-accel', 'tcg,thread=multi', ...cpu];
}

function sharedDirectory(tag: string, path: string): string[] {
  return [
    '-fsdev',
    `local,id=${tag},path=${escaped(path)},security_model=none,readonly=on,multidevs=remap`,
    '-device',
    `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`,
  ];
}

/** In QEMU's option lists a comma inside a value is doubled. */
function escaped(path: string): string {
  return path.replaceAll(',', ',,');
}
