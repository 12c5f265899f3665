import { encodeRequest } from './header.js';
import type { DeviceName, DeviceUuid } from './names.js';
import { FLAGS } from './protocol.js';
import type { Table } from './table.js';
import { encodeTableLoad } from './table-load.js';
import { UDEV_EVENT } from './udev.js';

/** The five requests of one creation, encoded. */
export interface CreationRequests {
  /** In: name, UUID, DM_READONLY_FLAG. The shim adds the proposed flag and the sentinel itself. */
  readonly create: Buffer;
  /** In: UUID. */
  readonly status: Buffer;
  /** In: UUID, DM_DEFERRED_REMOVE, udev flags. */
  readonly remove: Buffer;
  /** In: UUID, udev flags; without DM_SUSPEND_FLAG this is a resume. */
  readonly resume: Buffer;
  /** In: UUID, DM_READONLY_FLAG; with a key, DM_SECURE_DATA_FLAG, and `{key}` still in the table. */
  readonly load: Buffer;
}

/** After the creation itself, a device is named by its UUID alone: a name could be somebody else's by then. */
export function encodeCreation(
  name: DeviceName,
  uuid: DeviceUuid,
  table: Table,
  readOnly: boolean,
  hasKey = false,
): CreationRequests {
  const flags = readOnly ? FLAGS.READONLY : 0;
  return {
    create: encodeRequest({ name, uuid, flags }),
    status: encodeRequest({ uuid }),
    remove: encodeRequest({ uuid, flags: FLAGS.DEFERRED_REMOVE, eventNr: UDEV_EVENT }),
    resume: encodeRequest({ uuid, eventNr: UDEV_EVENT }),
    // The kernel wipes its copies of such a request.
    load: encodeTableLoad({ uuid, flags: flags | (hasKey ? FLAGS.SECURE_DATA : 0) }, table),
  };
}
