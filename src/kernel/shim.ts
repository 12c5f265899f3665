import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { DmfdError } from '../errors.js';
import { EXPECTED_LAYOUT } from './layout.js';

type Argument = number | Buffer;

/** What of ffi-rs is used, as its platform package has it, whose types its index does not tell. */
interface Ffi {
  open(library: { library: string; path: string }): void;
  load(call: {
    library: string;
    funcName: string;
    retType: number;
    paramsType: (number | { ffiTypeTag: number; type: number; length: number })[];
    paramsValue: Argument[];
    errno: boolean;
    runInNewThread: boolean;
    freeResultMemory: boolean;
  }): number;
  readonly DataType: Readonly<Record<'I32' | 'U32' | 'U8Array', number>>;
  readonly FFITypeTag: Readonly<Record<'Array', number>>;
}

const LIBRARY = 'dmfd';
const LIBRARY_PATH = fileURLToPath(new URL('../../native-shims/build/libdmfd.so', import.meta.url));

let ffi: Ffi | undefined;

/** The shim's functions. Each returns a value that is not negative, or a negative errno. */
export const shim = {
  /** One whole creation in the shield; both buffers are changed in place. */
  create: (creation: Buffer, table: Buffer): number => call('dmfd_create', creation, table),
  ioctl: (fd: number, request: number, argument: Buffer): number => call('dmfd_ioctl', fd, request, argument),
  ioctlValue: (fd: number, request: number, value: number): number =>
    call('dmfd_ioctl_value', fd, request, value),
  /** Opens a device through a private node; `scratch` is {@link scratchName}, NUL-terminated. */
  openByNumber: (type: 'block' | 'char', major: number, minor: number, readOnly: boolean, scratch: Buffer) =>
    call('dmfd_open_by_number', type === 'block' ? 1 : 0, major, minor, readOnly ? 1 : 0, scratch),
  /** One message to a service manager, with a descriptor. `address` is NUL-terminated, here and below. */
  notify: (address: Buffer, message: Buffer, fd: number, timeoutMs: number): number =>
    call('dmfd_notify', address, message, message.length, fd, timeoutMs),
  /** Returns when the manager has dealt with what it was sent before. */
  notifyBarrier: (address: Buffer, timeoutMs: number): number =>
    call('dmfd_notify_barrier', address, timeoutMs),
  /** Sends a payload and a descriptor to a unix socket; returns the connection. */
  send: (address: Buffer, payload: Buffer, fd: number, timeoutMs: number): number =>
    call('dmfd_send', address, payload, payload.length, fd, timeoutMs),
  /** 0 when the other end of a connection has read all, or has gone. */
  unread: (connection: number): number => call('dmfd_unread', connection),
  /** LOOP_SET_FD and LOOP_SET_STATUS64 in the shield. */
  loopSetFd: (loop: number, backing: number, status64: Buffer): number =>
    call('dmfd_loop_set_fd', loop, backing, status64),
  /** `path` NUL-terminated; flags as swapon(2) has them. */
  swapOn: (path: Buffer, flags: number): number => call('dmfd_swapon', path, flags),
  swapOff: (path: Buffer): number => call('dmfd_swapoff', path),
  /** Bytes of a page of memory. */
  pageSize: (): number => call('dmfd_page_size'),
  /** flock(2), exclusive, without waiting. */
  lock: (fd: number): number => call('dmfd_lock', fd),
  /** A descriptor of the kernel's log, after its newest record. */
  openKernelLog: (): number => call('dmfd_open_kernel_log'),
  /** Opens a device whose number a descriptor of ours pins, read-only or not; `scratch` as for openByNumber. */
  openDevice: (major: number, minor: number, readOnly: boolean, scratch: Buffer): number =>
    call('dmfd_open_device', major, minor, readOnly ? 1 : 0, scratch),
  /** Signal dispositions and mask as the caller had them, for this process. */
  adoptCaller: (caller: Buffer): number => call('dmfd_adopt_caller', caller),
  /** Returns only when it failed. */
  exec: (command: Buffer, strings: Buffer, descriptors: Buffer): number =>
    call('dmfd_exec', command, strings, descriptors),
  /** Starts a command and gives it its descriptors; its pid. {@link shim.wait} has to follow. */
  start: (command: Buffer, strings: Buffer, descriptors: Buffer): number =>
    call('dmfd_start', command, strings, descriptors),
  /** Waits for its end, and forwards signals meanwhile. */
  wait: (command: Buffer, pid: number): number => call('dmfd_wait', command, pid),
  /** Ends this process at once, without Node's own clearing up. */
  end: (status: number): number => call('dmfd_end', status),
  /** Returns only when the signal does not kill. */
  dieOfSignal: (signal: number): number => call('dmfd_die_of_signal', signal),
};

function call(funcName: string, ...paramsValue: Argument[]): number {
  ffi ??= loadLibrary();
  return invoke(ffi, funcName, paramsValue);
}

function invoke({ load, DataType, FFITypeTag }: Ffi, funcName: string, paramsValue: Argument[]): number {
  return load({
    library: LIBRARY,
    funcName,
    retType: DataType.I32,
    // Every C function here takes int32_t, uint32_t (an ioctl number, which is above 2^31) and pointers only.
    paramsType: paramsValue.map((value) => {
      if (typeof value === 'number') return value > 0x7fffffff ? DataType.U32 : DataType.I32;
      return { ffiTypeTag: FFITypeTag.Array, type: DataType.U8Array, length: value.length };
    }),
    paramsValue,
    // The platform package, unlike ffi-rs's index, has no defaults for these.
    errno: false,
    runInNewThread: false,
    freeResultMemory: false,
  });
}

function loadLibrary(): Ffi {
  const loaded = loadFfi();
  try {
    loaded.open({ library: LIBRARY, path: LIBRARY_PATH });
  } catch (cause) {
    throw new DmfdError('system', `the native shim ${LIBRARY_PATH} cannot be loaded`, {
      hint: 'build it with "make build" in the source tree; it needs a C compiler',
      cause,
    });
  }
  checkLayout(loaded);
  return loaded;
}

/** By its platform package where that is known: ffi-rs's index costs five times as much at start-up. */
function loadFfi(): Ffi {
  const require = createRequire(import.meta.url);
  try {
    return createRequire(require.resolve('ffi-rs'))(`@yuuang/ffi-rs-linux-${process.arch}-gnu`);
  } catch {
    return require('ffi-rs');
  }
}

function checkLayout(loaded: Ffi): void {
  const numbers = Buffer.alloc(4 * EXPECTED_LAYOUT.length);
  const count = invoke(loaded, 'dmfd_layout', [numbers, EXPECTED_LAYOUT.length]);
  const actual = EXPECTED_LAYOUT.map((_, index) => numbers.readUInt32LE(4 * index));
  if (count === EXPECTED_LAYOUT.length && actual.every((number, index) => number === EXPECTED_LAYOUT[index]))
    return;
  throw new DmfdError('system', `the native shim ${LIBRARY_PATH} is of another version of dmfd`, {
    hint: 'build it again with "make build"',
  });
}
