/**
 * The methods for clients: the one description of them. Calls are checked by it, and METHODS has a function for each of its
 * methods.
 */
export const DMFD_INTERFACE = `# Device-mapper devices that live exactly as long as somebody holds them open.
#
# Sizes and offsets are in bytes, if nothing else is said. Paths are absolute, or tags of block devices (LABEL=…). What is
# null is as good as absent. docs/library.md says more of each request: these are its properties, under the same names. But
# a table is a list of lines, a backing an object, and its partition a string; the size of a store is cowSize, corruptions are
# beside features, and a descriptor of a key is fileDescriptor. There is no mapperLink, and no onStep.
interface io.dmfd

# How the descriptor comes to be: by the kernel itself, or by opening a device that was proved to be the right one.
type Mode (auto, atomic, fallback)

# How a device was made.
type MadeMode (atomic, fallback)

# What data lies on: a file, a block device, or a part of one. The partition is a number, or else a label or a PARTUUID.
type Backing (
  path: string,
  partition: ?string,
  offset: ?int,
  size: ?int,
  readOnly: ?bool,
  sectorSize: ?int,
  directIo: ?bool
)

type Target (linear, striped, zero, error, delay, flakey, snapshot, crypt, integrity, verity)

type Feature (drop_writes, error_writes, error_reads)

type Direction (r, w)

# One byte of each block that is read or written.
type Corruption (byte: int, direction: Direction, value: int, flags: ?int)

# A part of a device; each target has some of the fields: striped backings and chunk, zero and error size, delay (in
# milliseconds) read, write and flush, flakey (in seconds) up and down, and features and corruptions, snapshot base, cow or
# cowSize, and force, crypt cipher and sectorSize, integrity checksum and tagSize, verity hash, root, fec, fecRoots and signature; all but
# striped, zero, error and snapshot backing.
type Segment (
  target: Target,
  backing: ?Backing,
  backings: ?[]Backing,
  chunk: ?int,
  size: ?int,
  read: ?int,
  write: ?int,
  flush: ?int,
  up: ?int,
  down: ?int,
  features: ?[]Feature,
  corruptions: ?[]Corruption,
  base: ?Backing,
  cow: ?Backing,
  cowSize: ?int,
  force: ?bool,
  cipher: ?string,
  sectorSize: ?int,
  checksum: ?string,
  tagSize: ?int,
  hash: ?Backing,
  root: ?string,
  fec: ?Backing,
  fecRoots: ?int,
  signature: ?string
)

# Exactly one of: bits of a random key, a file, or a descriptor, by its index among those that come with the call.
type Key (random: ?int, file: ?string, fileDescriptor: ?int)

# What a target is told when the device is live; sector counts 512 bytes.
type Message (sector: ?int, text: string)

# A device that another one stands on: of a table or of segments.
type Layer (
  name: ?string,
  uuid: ?string,
  table: ?[]string,
  loop: ?[]Backing,
  segments: ?[]Segment,
  readOnly: ?bool,
  key: ?Key,
  messages: ?[]Message
)

type LoopDevice (path: string, file: string)

type MadeLayer (
  name: string,
  uuid: string,
  path: string,
  dev: string,
  major: int,
  minor: int,
  diskseq: int,
  size: int,
  readonly: bool,
  mode: MadeMode,
  key: ?string,
  loops: []LoopDevice
)

type Device (
  name: string,
  uuid: string,
  path: string,
  dev: string,
  major: int,
  minor: int,
  diskseq: int,
  size: int,
  readonly: bool,
  mode: MadeMode,
  key: ?string,
  loops: []LoopDevice,
  below: []MadeLayer
)

type Swap (
  name: string,
  uuid: string,
  path: string,
  dev: string,
  major: int,
  minor: int,
  diskseq: int,
  size: int,
  readonly: bool,
  mode: MadeMode,
  key: ?string,
  loops: []LoopDevice,
  backing: string,
  cipher: string,
  keySize: int,
  label: string,
  swapUuid: string,
  swapSize: int
)

# A device that is there. Its state is held (it goes with its last holder), being-made, leaked or kept.
type ListedDevice (
  name: string,
  uuid: string,
  path: string,
  dev: string,
  major: int,
  minor: int,
  diskseq: int,
  size: int,
  readonly: bool,
  targets: []string,
  openCount: int,
  deferredRemove: bool,
  state: string,
  created: ?string
)

# What udev makes of a device.
type Udev (quiet, full, none)

# When freed pages of swap are discarded on the backing.
type Discard (both, once, pages)

type LoopFeatures (available: bool, configure: bool, reason: ?string)

type TargetVersion (name: string, version: []int)

# Makes a device of a table or of segments. It lives as long as its descriptor, which comes with the reply: fileDescriptor is
# its index there. udevWait is in milliseconds.
method Create(
  name: ?string,
  uuid: ?string,
  table: ?[]string,
  loop: ?[]Backing,
  segments: ?[]Segment,
  readOnly: ?bool,
  key: ?Key,
  messages: ?[]Message,
  below: ?[]Layer,
  sharedLoop: ?bool,
  mode: ?Mode,
  udev: ?Udev,
  udevWait: ?int
) -> (device: Device, fileDescriptor: int, warnings: []string)

# Turns on swap that is encrypted with a random key. It lives until swapoff. The partition is as that of a Backing; keySize is
# in bits, offset and size in sectors of 512 bytes.
method CreateSwap(
  backing: string,
  partition: ?string,
  name: ?string,
  cipher: ?string,
  keySize: ?int,
  sectorSize: ?int,
  priority: ?int,
  discard: ?Discard,
  label: ?string,
  uuid: ?string,
  offset: ?int,
  size: ?int,
  force: ?bool,
  noReadWorkqueue: ?bool,
  noWriteWorkqueue: ?bool,
  mode: ?Mode
) -> (swap: Swap, warnings: []string)

# The devices that dmfd made; with all, every one of device-mapper.
method List(all: ?bool) -> (devices: []ListedDevice)

# Who has a block device open, in words.
method FindHolders(major: int, minor: int) -> (holders: []string)

# Removes a device (its name, UUID, or the path of its node; or its disk sequence number) now, or with its last holder.
method Remove(device: ?string, diskseq: ?int) -> (device: ListedDevice, gone: bool, holders: []string)

# Gives a device that is in use more room: all that its backing has, or size.
method Resize(device: ?string, diskseq: ?int, size: ?int) -> (name: string, before: int, size: int)

# What this machine can do, found out by trying; what could not be found out is null.
method Probe() -> (
  usable: bool,
  reasons: []string,
  driverVersion: ?string,
  mode: ?MadeMode,
  descriptorAnswer: ?string,
  deferredRemove: ?bool,
  diskseq: ?bool,
  targets: []TargetVersion,
  loop: LoopFeatures
)

# What went wrong. Programs may decide by kind and code, which are stable; errno is the name of what the kernel answered.
error Failed (
  kind: string,
  code: string,
  message: string,
  hint: ?string,
  errno: ?string,
  operation: ?string,
  device: ?string,
  kernelLog: []string
)
`;
