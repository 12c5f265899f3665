import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, machine } from 'node:os';
import { dirname } from 'node:path';
import type { CString } from './c-string.js';
import { installed } from './installed.js';
import { ffiUnloadable, shimUnloadable, unsupportedMachine } from './unloadable.js';

type Argument = number | Buffer;

/** The part of ffi-rs that is used, as its platform package exports it; its index has no types for that. */
interface Ffi {
  open(library: { library: string; path: string }): void;
  load(call: FfiCall): number;
  readonly DataType: Readonly<Record<'I32' | 'U32' | 'U8Array', number>>;
  readonly FFITypeTag: Readonly<Record<'Array', number>>;
}

interface FfiCall {
  library: string;
  funcName: string;
  retType: number;
  paramsType: (number | { ffiTypeTag: number; type: number; length: number })[];
  paramsValue: Argument[];
  errno: boolean;
  runInNewThread: boolean;
  freeResultMemory: boolean;
}

const LIBRARY = 'dmfd';
/** The package's own binaries, where nothing was built. */
export function libraryPath(): string {
  const built = installed('native-shims/build/libdmfd.so');
  if (existsSync(built)) return built;
  const brought = installed(`prebuilt/${machine()}/libdmfd.so`);
  return existsSync(brought) ? brought : built;
}

let ffi: Ffi | undefined;
const functionNames: string[] = [];

/** The shim's functions. Each returns a value that is not negative, or a negative errno. */
export const shim = {
  /** One whole creation in the shield; creation and table are changed in place. */
  create: native<[creation: Buffer, table: Buffer, keyPlaces: Buffer, signature: Buffer]>('dmfd_create'),
  /** Another length for the last segment of a live table; `resizing` is changed in place. */
  resize: native<[resizing: Buffer]>('dmfd_resize'),
  ioctl: native<[fd: number, request: number, argument: Buffer]>('dmfd_ioctl'),
  ioctlValue: native<[fd: number, request: number, value: number]>('dmfd_ioctl_value'),
  /** Opens a device (block 1, character 0) through a private node; `scratch` is scratchName() of random.ts. */
  openByNumber:
    native<[block: number, major: number, minor: number, readOnly: number, scratch: CString]>(
      'dmfd_open_by_number',
    ),
  /** Opens a block device whose number a descriptor of ours pins, read-only or not; `scratch` likewise. */
  openDevice: native<[major: number, minor: number, readOnly: number, scratch: CString]>('dmfd_open_device'),
  /**
   * Connects to a unix socket, of any type or of datagrams alone; `address` is NUL-terminated. Writes the uid of its owner,
   * 0xffffffff where it cannot be known.
   */
  connect: native<[address: Buffer, datagrams: number, timeoutMs: number, owner: Buffer]>('dmfd_connect'),
  /** Sends a payload and a descriptor; returns how many bytes went, the descriptor with the first. */
  send: native<[connection: number, payload: Buffer, size: number, fd: number]>('dmfd_send'),
  /** 1 when a read would not wait, 0 when the time is up. */
  waitReadable: native<[fd: number, timeoutMs: number]>('dmfd_wait_readable'),
  /** Returns when a service manager has dealt with what it was sent before. */
  notifyBarrier: native<[connection: number, timeoutMs: number]>('dmfd_notify_barrier'),
  /** 0 when the other end of a connection has read all, or has gone. */
  unread: native<[connection: number]>('dmfd_unread'),
  /** Listens at a new socket in an open directory, `name` NUL-terminated. */
  listen: native<[directory: number, name: Buffer]>('dmfd_listen'),
  accept: native<[listener: number]>('dmfd_accept'),
  /** Reads a part of a message and what was passed with it, a `struct dmfd_passed`; returns how many bytes. */
  receivePart: native<[connection: number, bytes: Buffer, size: number, passed: Buffer]>('dmfd_receive_part'),
  /** Sends a part of a message and, with its first byte, descriptors; returns how many bytes went. */
  sendPart: native<[connection: number, bytes: Buffer, size: number, passed: Buffer]>('dmfd_send_part'),
  /** A descriptor that tells which of those that are watched are ready. */
  watcher: native<[]>('dmfd_watcher'),
  watch: native<[watcher: number, fd: number, tag: number, events: number]>('dmfd_watch'),
  unwatch: native<[watcher: number, fd: number]>('dmfd_unwatch'),
  /** Waits until something is ready, writes `struct dmfd_ready` of it, and returns how many. */
  waitReady: native<[watcher: number, ready: Buffer, room: number]>('dmfd_wait_ready'),
  /** LOOP_SET_FD and LOOP_SET_STATUS64 in the shield. */
  loopSetFd: native<[loop: number, backing: number, status64: Buffer]>('dmfd_loop_set_fd'),
  /** Flags as swapon(2) has them. */
  swapOn: native<[path: CString, flags: number]>('dmfd_swapon'),
  swapOff: native<[path: CString]>('dmfd_swapoff'),
  /** Bytes of a page of memory. */
  pageSize: native<[]>('dmfd_page_size'),
  /** flock(2), exclusive, without waiting. */
  lock: native<[fd: number]>('dmfd_lock'),
  /**
   * Claims a UUID for a control descriptor, as a creation does; EAGAIN when another has it. It ends with
   * the descriptor, or with `unclaim`.
   */
  claim: native<[control: number, uuid: CString]>('dmfd_claim'),
  unclaim: native<[control: number, uuid: CString]>('dmfd_unclaim'),
  /** 1 when another descriptor has claimed the UUID, else 0. */
  isClaimed: native<[control: number, uuid: CString]>('dmfd_is_claimed'),
  /** 1 when another opener has locked a range of the file, else 0. */
  isRangeLocked: native<[fd: number]>('dmfd_is_range_locked'),
  /** 1 when a regular file is open elsewhere, too, else 0. */
  isOpenElsewhere: native<[fd: number]>('dmfd_is_open_elsewhere'),
  /** fallocate(2) of a `struct dmfd_range`. */
  allocate: native<[fd: number, range: Buffer]>('dmfd_allocate'),
  /** Fills with random bytes. */
  random: native<[bytes: Buffer, size: number]>('dmfd_random'),
  /** A descriptor that ends a creation's wait for its key when it is written to: 8 bytes, a number above 0. */
  cancelEvent: native<[]>('dmfd_cancel_event'),
  /** A descriptor of the kernel's log, after its newest record. */
  openKernelLog: native<[]>('dmfd_open_kernel_log'),
  /** Writes lines `name=number` of where things stand in the structs; returns how long all of them are. */
  layout: native<[text: Buffer, size: number]>('dmfd_layout'),
  /**
   * open(2) of a NUL-terminated path, close-on-exec, and close(2) of all that the shim has opened. Not Node's own functions: a
   * worker thread closes at its end what they opened in it, whoever has it by then, and warns of what only they close.
   */
  open: native<[path: Buffer, flags: number]>('dmfd_open'),
  close: native<[fd: number]>('dmfd_close'),
  /** Signal dispositions as the caller had them, for this process, and its mask, for this thread. */
  adoptCaller: native<[caller: Buffer]>('dmfd_adopt_caller'),
  /** Becomes a command; returns only when that failed. */
  exec: native<[command: Buffer, strings: Buffer, descriptors: Buffer]>('dmfd_exec'),
  /** Starts a command and gives it its descriptors; its pid. `wait` has to follow. */
  start: native<[command: Buffer, strings: Buffer, descriptors: Buffer]>('dmfd_start'),
  /** Waits for its end, and forwards signals meanwhile. */
  wait: native<[command: Buffer, pid: number]>('dmfd_wait'),
  /** Becomes the launcher, which waits in place of `wait`; returns only when that failed. */
  leaveWait: native<[launcher: Buffer, strings: Buffer]>('dmfd_leave_wait'),
  /** The next launcher that connects; -ECANCELED when the other end of the pipe `stop` was closed. */
  nextLauncher: native<[listener: number, stop: number]>('dmfd_next_launcher'),
  /** The pid of the process that connected, if that may do all that this process may, where this process does it. */
  equalPeer: native<[connection: number]>('dmfd_equal_peer'),
  /** A `struct dmfd_edition` of a NUL-terminated path. */
  edition: native<[path: Buffer, edition: Buffer]>('dmfd_edition'),
  /** /dev/null under a number that is free; EBUSY when it is not. */
  occupy: native<[number: number]>('dmfd_occupy'),
  /** A launcher's question, a `struct dmfd_ask` and its strings; returns a descriptor of its working directory. */
  receiveAsk: native<[connection: number, ask: Buffer, body: Buffer, room: number]>('dmfd_receive_ask'),
  /** 1 with a `struct dmfd_reply`, 0 when the launcher has gone or become a command; -1 milliseconds are no limit. */
  receiveReply: native<[connection: number, reply: Buffer, timeoutMs: number]>('dmfd_receive_reply'),
  /** Sends a `struct dmfd_answer`, with up to two descriptors (-1: none), then what follows it. */
  answer: native<[connection: number, answer: Buffer, first: number, second: number]>('dmfd_answer'),
  answerRest: native<[connection: number, bytes: Buffer, size: number]>('dmfd_answer_rest'),
  /** Ends this process at once, without Node's own clearing up. */
  end: native<[status: number]>('dmfd_end'),
  /** Returns only when the signal does not kill. */
  dieOfSignal: native<[signal: number]>('dmfd_die_of_signal'),
};

let manyThreads = true;

/** Says that no other thread of this process uses the shim, which then costs less to load. To be called before its first use. */
export function expectOneThread(): void {
  manyThreads = false;
}

function native<Arguments extends Argument[]>(name: string): (...values: Arguments) => number {
  functionNames.push(name);
  return (...values) => {
    ffi ??= loadLibrary();
    return ffi.load(callOf(ffi, name, values));
  };
}

function callOf({ DataType, FFITypeTag }: Ffi, funcName: string, paramsValue: Argument[]): FfiCall {
  return {
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
  };
}

function loadLibrary(): Ffi {
  const unsupported = unsupportedMachine();
  if (unsupported !== undefined) throw unsupported;
  const loaded = loadFfi();
  if (manyThreads) withoutOthers(() => openForThreads(loaded));
  else open(loaded);
  return loaded;
}

function open(loaded: Ffi): void {
  const path = libraryPath();
  try {
    loaded.open({ library: LIBRARY, path });
  } catch (cause) {
    throw shimUnloadable(path, cause);
  }
}

/**
 * ffi-rs keeps libraries and functions in one table for all threads, without a lock. A thread that has entered all of them
 * leaves the table as it is from then on, which other threads can read.
 */
function openForThreads(loaded: Ffi): void {
  open(loaded);
  for (const name of functionNames) {
    try {
      // A value of the wrong type is refused when the function has been looked up, and before it is called.
      loaded.load({ ...callOf(loaded, name, [0]), paramsValue: ['' as unknown as number] });
    } catch {}
  }
}

const LOCK_TRIES = 200;
const LOCK_PAUSE = 5;

/**
 * Threads share the process and little else in JavaScript. The name of a socket is a lock between them that no death leaves
 * behind; when another process holds it, the wait ends after a second.
 */
function withoutOthers(action: () => void): void {
  const { createServer } = createRequire(import.meta.url)('node:net') as typeof import('node:net');
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let lock = createServer();
  for (let attempt = 0; attempt < LOCK_TRIES; attempt++) {
    // It listens at once, or tells later why it does not.
    lock.on('error', () => undefined).listen({ path: `\0dmfd-loading-${process.pid}`, exclusive: true });
    if (lock.listening) break;
    Atomics.wait(pause, 0, 0, LOCK_PAUSE);
    lock = createServer();
  }
  try {
    action();
  } finally {
    lock.close();
  }
}

/** dlfcn.h; Node has no name for it. */
const RTLD_NODELETE = 0x1000;

/**
 * By its platform package where that is known: ffi-rs's index costs five times as much at start-up. It stays loaded for good:
 * Node would unload it with the last thread that uses it, and that thread still has destructors of it to call.
 */
function loadFfi(): Ffi {
  const require = createRequire(import.meta.url);
  const resolve = (name: string): string => {
    const index = dirname(require.resolve('ffi-rs'));
    return require.resolve(`@yuuang/ffi-rs-${name}`, { paths: [index] });
  };
  // Of the C libraries, only the one that Node itself uses lets it be loaded.
  for (const cLibrary of ['gnu', 'musl']) {
    const name = `linux-${process.arch}-${cLibrary}`;
    const usual = installed(`node_modules/@yuuang/ffi-rs-${name}/ffi-rs.${name}.node`);
    try {
      const addon = { exports: {} as Ffi };
      // To resolve the names of two packages takes longer than to load the addon.
      const path = existsSync(usual) ? usual : resolve(name);
      process.dlopen(addon, path, constants.dlopen.RTLD_LAZY | RTLD_NODELETE);
      return addon.exports;
    } catch {}
  }
  try {
    return require('ffi-rs');
  } catch (cause) {
    throw ffiUnloadable(cause);
  }
}
