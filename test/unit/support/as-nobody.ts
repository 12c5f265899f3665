import { DataType, load, open } from 'ffi-rs';

const NOBODY = 65_534;

/**
 * Runs `use` with the rights of nobody on files, where root runs the tests: root may open anything. Only this thread's, by
 * setfsuid(2): Node refuses process.seteuid() where io_uring may be in use, as in Debian 13.
 */
export function asNobody<T>(use: () => T): T {
  if (process.geteuid?.() !== 0) return use();
  open({ library: 'libc', path: 'libc.so.6' });
  setFsuid(NOBODY);
  try {
    return use();
  } finally {
    setFsuid(0);
  }
}

function setFsuid(uid: number): void {
  const call = { library: 'libc', funcName: 'setfsuid', retType: DataType.I32, paramsType: [DataType.U32] };
  load({ ...call, paramsValue: [uid] });
  // It tells only what was set before; of a number that is no user's, it changes nothing.
  const now = load({ ...call, paramsValue: [2 ** 32 - 1] });
  if (now !== uid) throw new Error(`setfsuid(${uid}) had no effect: it is ${now}`);
}
