/** Flags for the udev rules of device-mapper, from libdevmapper's public header. */
const DISABLE_DM_RULES = 0x01;
const DISABLE_SUBSYSTEM_RULES = 0x02;
const DISABLE_DISK_RULES = 0x04;
const DISABLE_OTHER_RULES = 0x08;
const PRIMARY_SOURCE = 0x40;

const NAME_ONLY = PRIMARY_SOURCE | DISABLE_SUBSYSTEM_RULES | DISABLE_DISK_RULES | DISABLE_OTHER_RULES;

/** The flags for udev's rules. */
const FLAGS = {
  /** No link in /dev, and no probing of the content. */
  quiet: NAME_ONLY | DISABLE_DM_RULES,
  /** That they do for it what they do for a device of dmsetup's. */
  full: PRIMARY_SOURCE,
  /** Nothing. Those of LVM2 make /dev/mapper/NAME then. */
  none: 0,
  /** That they make /dev/mapper/NAME, and no more. */
  'name-only': NAME_ONLY,
} as const;

export const UDEV_MODES = ['quiet', 'full', 'none'] as const;

/** The treatment of a device by udev, where it runs. */
export type UdevMode = (typeof UDEV_MODES)[number];

/** The same, with the flags that cannot be asked for by name. */
export type UdevRules = keyof typeof FLAGS;

/**
 * The value of `event_nr` for a resume or remove. The low 16 bits, the number of a semaphore, are zero: no process needs to be
 * waited for.
 */
export function udevEvent(rules: UdevRules): number {
  return (FLAGS[rules] << 16) >>> 0;
}
