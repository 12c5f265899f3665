/** The steps of a creation, `enum dmfd_step` in native-shims/dmfd.h, in words. */
const WORDS = {
  SHIELD: 'start the shielded section',
  CREATE_WITH_FD: 'DM_DEV_CREATE with DM_FILE_DESCRIPTOR_FLAG',
  CHECK_ANSWER: 'check the descriptor the kernel returned',
  CREATE: 'DM_DEV_CREATE',
  LOAD: 'DM_TABLE_LOAD',
  OPEN: 'open the device node',
  PRIVATE_NODE: 'open the device through a private node',
  PROVE_NUMBER: 'fstat: compare the device number',
  PROVE_UUID: 'DM_DEV_STATUS: compare the UUID',
  PROVE_DISKSEQ: 'BLKGETDISKSEQ: compare the disk sequence number',
  DEFER_REMOVE: 'DM_DEV_REMOVE, deferred',
  RESUME: 'DM_DEV_SUSPEND, resume',
  MEASURE: 'BLKGETSIZE64',
  ROLLBACK: 'take everything back',
  KEY: 'get the key, in a process of its own',
  SIGNATURE: 'add_key: the signature of the root hash',
} as const;

export type CreationStep = keyof typeof WORDS;

export const CREATION_STEPS = Object.keys(WORDS) as readonly CreationStep[];

export function stepWords(step: CreationStep): string {
  return WORDS[step];
}
