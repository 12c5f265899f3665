import { formatDeviceNumber } from '../dm/device-number.js';
import { DmfdError } from '../errors.js';
import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import { listIfThere, readIfThere } from '../kernel/pseudo-files.js';
import type { Deadline } from './deadline.js';
import type { Disk } from './disk.js';
import type { XenStore } from './store.js';
import { isEnding, pathIn, sysfsName, type Vbd, withdrawn } from './vbd.js';

const BACKENDS = '/sys/bus/xen-backend/devices';
/** Milliseconds between two looks into /sys, which does not notify of changes. */
const LONGEST_PAUSE = 20;

/**
 * `MAJ:MIN` in hexadecimal digits, as blkback reads it and shows it.
 */
export function hexNumber({ major, minor }: Disk): string {
  return `${major.toString(16)}:${minor.toString(16)}`;
}

/** Waits until blkback has opened the disk, from when on it holds it. To be made before the backend is told of the disk. */
export class BackendWait {
  readonly #state: string;
  readonly #opened: string;
  /** A backend with this node, which stock kernels do not have, sets it to 1 when it has opened the device. */
  readonly #tellsOpened: boolean;

  constructor(
    private readonly kernel: Kernel,
    private readonly store: XenStore,
    private readonly vbd: Vbd,
  ) {
    this.#state = pathIn(vbd, 'state');
    this.#opened = pathIn(vbd, 'opened');
    store.watch(this.#state);
    this.#tellsOpened = store.read(this.#opened) !== undefined;
    if (this.#tellsOpened) store.watch(this.#opened);
  }

  /** @throws DmfdError `kernel` when it does not open it, `taken` when the toolstack no longer wants it */
  until(disk: Disk, deadline: Deadline): void {
    const uuid = disk.made[0]?.uuid;
    if (uuid === undefined || disk.isOthersToo) {
      this.#wait(disk, deadline, () => true);
    } else {
      // A second witness, of a device that this process has open once.
      DmControl.with(this.kernel, (dm) => {
        this.#wait(disk, deadline, () => (dm.status({ uuid })?.openCount ?? 0) >= 2);
      });
    }
  }

  #wait(disk: Disk, deadline: Deadline, isHeldTwice: () => boolean): void {
    for (let pause = 1; !this.#isOpenAfter(pause, disk, isHeldTwice); ) {
      if (deadline.left() === 0) throw this.#tooLate(disk, deadline);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }

  /** Waits for a word of xenstore's, or that long where it has none for what is waited for. */
  #isOpenAfter(milliseconds: number, disk: Disk, isHeldTwice: () => boolean): boolean {
    const event = this.store.nextEvent(this.#tellsOpened ? Number.POSITIVE_INFINITY : milliseconds);
    if (event === this.#state) this.#refuseEnded(disk);
    if (this.#tellsOpened) return event === this.#opened && this.store.read(this.#opened) === '1';
    const shown = readIfThere(`${BACKENDS}/${sysfsName(this.vbd)}/physical_device`).trim();
    return shown === hexNumber(disk) && isHeldTwice();
  }

  /** Where blkback cannot open the device, it says why and closes. */
  #refuseEnded(disk: Disk): void {
    const state = this.store.read(this.#state);
    if (state === undefined) throw withdrawn(this.vbd, state);
    if (!isEnding(state)) return;
    const why = this.store.read(
      `${this.vbd.home}error/backend/vbd/${this.vbd.domain}/${this.vbd.device}/error`,
    );
    if (why === undefined) throw withdrawn(this.vbd, state);
    throw new DmfdError('xen-backend-failed', `${this.#subject(disk)}: the backend cannot use it: ${why}`);
  }

  #tooLate(disk: Disk, { milliseconds }: Deadline): DmfdError {
    const hint =
      listIfThere(BACKENDS).length === 0
        ? 'this kernel has no backends: is the module xen-blkback loaded, and is this the domain that serves the disk?'
        : `${BACKENDS}/${sysfsName(this.vbd)} shows what it has; the kernel's log may say more`;
    const said = `the backend has not opened it until the ${milliseconds / 1000} s were up`;
    return new DmfdError('xen-backend-failed', `${this.#subject(disk)}: ${said}`, { hint });
  }

  #subject(disk: Disk): string {
    return `${this.vbd.path}, device ${formatDeviceNumber(disk)}`;
  }
}
