/** Flags for the udev rules of device-mapper, from libdevmapper's public header. */
const PRIMARY_SOURCE = 0x40;
const DISABLE_SUBSYSTEM_RULES = 0x02;
const DISABLE_DISK_RULES = 0x04;
const DISABLE_OTHER_RULES = 0x08;

/**
 * What to put in `event_nr` of a resume or remove: udev makes /dev/mapper/NAME, and looks no further into a
 * device that belongs to whoever got the descriptor (a worker that probes it for a file system would hold it
 * open). The low 16 bits, the semaphore, are zero: nobody needs to be waited for.
 */
export const UDEV_EVENT =
  ((PRIMARY_SOURCE | DISABLE_SUBSYSTEM_RULES | DISABLE_DISK_RULES | DISABLE_OTHER_RULES) << 16) >>> 0;
