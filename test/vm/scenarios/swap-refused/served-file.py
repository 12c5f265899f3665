"""Serves a file system of FUSE that is one file, of 64 MiB, over the file that is named, until it is unmounted. Says what would change it."""
import ctypes
import errno
import os
import struct
import sys

INIT, GETATTR, OPEN, STATFS, RELEASE, FORGET = 26, 3, 14, 17, 18, 2
CHANGES = {4: 'SETATTR', 16: 'WRITE', 43: 'FALLOCATE'}
SIZE = 64 << 20
ATTRIBUTES = struct.pack('<QQQQQQIIIIIIIIII', 1, SIZE, SIZE // 512, 0, 0, 0, 0, 0, 0, 0o100600, 1, 0, 0, 0, 4096, 0)
ANSWERS = {
    INIT: struct.pack('<IIIIHHII36x', 7, 31, 4096, 0, 1, 1, 4096, 1),
    GETATTR: struct.pack('<QII', 0, 0, 0) + ATTRIBUTES,
    OPEN: struct.pack('<QII', 1, 0, 0),
    STATFS: struct.pack('<QQQQQIII28x', SIZE // 4096, 0, 0, 1, 0, 4096, 255, 4096),
    RELEASE: b'',
}

fuse = os.open('/dev/fuse', os.O_RDWR)
options = f'fd={fuse},rootmode=100600,user_id=0,group_id=0'.encode()
if ctypes.CDLL(None, use_errno=True).mount(b'served', sys.argv[1].encode(), b'fuse', 0, options) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
while True:
    try:
        request = os.read(fuse, 135168)
    except OSError as error:
        sys.exit(0 if error.errno == errno.ENODEV else str(error))
    _, operation, unique = struct.unpack_from('<IIQ', request)
    if operation == FORGET:
        continue
    if operation in CHANGES:
        print(CHANGES[operation], flush=True)
    answer = ANSWERS.get(operation)
    status = -errno.ENOSYS if answer is None else 0
    os.write(fuse, struct.pack('<IiQ', 16 + len(answer or b''), status, unique) + (answer or b''))
