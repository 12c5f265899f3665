import type { Backing } from '../backing/request.js';

/** A backing as a request names it; a path stands for all of it. */
export type BackingName = string | Backing;

/**
 * A part of a device; the parts follow each other in the order given. `target` is the device-mapper target that serves it.
 */
export type Segment<B = BackingName> =
  | LinearSegment<B>
  | StripedSegment<B>
  | PlainSegment
  | DelaySegment<B>
  | FlakeySegment<B>
  | SnapshotSegment<B>
  | CryptSegment<B>
  | IntegritySegment<B>
  | VeritySegment<B>;

/** The backing as it is. */
export interface LinearSegment<B = BackingName> {
  readonly target: 'linear';
  readonly backing: B;
}

/** Pieces of the backings in turn. Each backing counts as long as the shortest one. */
export interface StripedSegment<B = BackingName> {
  readonly target: 'striped';
  readonly backings: readonly B[];
  /** Bytes of a piece, a multiple of 512. Default: 64 KiB. */
  readonly chunk?: bigint;
}

/** Zeros, or errors. */
export interface PlainSegment {
  readonly target: 'zero' | 'error';
  /** Bytes, a multiple of 512. */
  readonly size: bigint;
}

/** The backing, with delays. */
export interface DelaySegment<B = BackingName> {
  readonly target: 'delay';
  readonly backing: B;
  /** Milliseconds, like the other two. */
  readonly read: number;
  /** Default: 0. */
  readonly write?: number;
  /** Default: as `write`. */
  readonly flush?: number;
}

/** The backing; it works for `up` seconds, then has a fault for `down` seconds, and so on. */
export interface FlakeySegment<B = BackingName> {
  readonly target: 'flakey';
  readonly backing: B;
  readonly up: number;
  readonly down: number;
  /** The fault while it is down. Default: reads and writes fail. */
  readonly features?: readonly FlakeyFeature[];
}

export type FlakeyFeature = 'drop_writes' | 'error_writes' | 'error_reads' | Corruption;

/** One byte of each block that is read or written. */
export interface Corruption {
  /** Counted from 1. */
  readonly byte: number;
  readonly direction: 'r' | 'w';
  /** The value that replaces it, 0 to 255. */
  readonly value: number;
  /** Only blocks whose request has all of these flags (the kernel's `bi_opf`). Default: 0, every one. */
  readonly flags?: number;
}

/** A writable view of `base`, which is never opened for writing. What is written goes to `cow`, and is lost with the device. */
export interface SnapshotSegment<B = BackingName> {
  readonly target: 'snapshot';
  readonly base: B;
  /** The store, which is overwritten; or the size in bytes of a sparse file without a name. Default: large enough for all of `base`. */
  readonly cow?: B | bigint;
  /** A `cow` with a file system, a partition table and the like is refused, unless this is set. */
  readonly force?: boolean;
}

/** The backing, encrypted with the request's `key`; without one, with a new random key. */
export interface CryptSegment<B = BackingName> {
  readonly target: 'crypt';
  readonly backing: B;
  /** In dm-crypt's notation. Default: `aes-xts-plain64`. */
  readonly cipher?: string;
  /** Bytes of an encryption sector, 512 (default) or 4096. */
  readonly sectorSize?: number;
}

/**
 * The backing with a tag beside each block, and a journal. One that is zero is formatted, and what is read there before it was
 * written is zeros; one that `integritysetup` formatted is used as it is; anything else is refused.
 */
export interface IntegritySegment<B = BackingName> {
  readonly target: 'integrity';
  readonly backing: B;
  /** The tag is a checksum, by this hash: a read of data that does not match it fails. Default: `crc32c`, unless `tagSize` is given alone. */
  readonly checksum?: string;
  /**
   * Bytes of a tag. Default: as many as the hash has. Without `checksum`: room for the tags of a layer above, such as of authenticated
   * encryption.
   */
  readonly tagSize?: number;
}

/** Data whose every block is checked against a hash tree that veritysetup made, with a superblock. The device is read-only. */
export interface VeritySegment<B = BackingName> {
  readonly target: 'verity';
  /** The data. */
  readonly backing: B;
  /** Where the superblock and the hash tree are. */
  readonly hash: B;
  /** The root hash, in hexadecimal digits. */
  readonly root: string;
  /** Data for error correction. */
  readonly fec?: B;
  /** Parity bytes, 2 (default) to 24. */
  readonly fecRoots?: number;
  /** A file: the root hash in hexadecimal digits, signed (PKCS#7, detached, DER) by a certificate that the kernel trusts. The kernel checks it. */
  readonly signature?: string;
}
