"""A file system in user space that dies: dead-fuse.py DIRECTORY. It answers until its one file is open, and then never again."""

import ctypes
import os
import struct
import sys
import time

directory = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0"
if libc.mount(b"dead", directory.encode(), b"fuse", 0, options.encode()) < 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")

INIT, LOOKUP, OPEN, GETATTR = 26, 1, 14, 3


def attributes(node):
    mode = 0o040755 if node == 1 else 0o100644
    return struct.pack("<6Q10I", node, 0, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 0, 0)


def answer(opcode, node):
    if opcode == INIT:
        return struct.pack("<4I2HI", 7, 12, 65536, 0, 0, 0, 4096)
    if opcode == LOOKUP:
        return struct.pack("<4Q2I", 2, 0, 0, 0, 0, 0) + attributes(2)
    if opcode == GETATTR:
        return struct.pack("<Q2I", 0, 0, 0) + attributes(node)
    if opcode == OPEN:
        return struct.pack("<Q2I", 1, 0, 0)
    return None


print("mounted", flush=True)
opened = False
while not opened:
    request = os.read(device, 1 << 17)
    _, opcode, unique, node = struct.unpack_from("<2I2Q", request)
    reply = answer(opcode, node)
    error = 0 if reply is not None else -38
    reply = reply or b""
    os.write(device, struct.pack("<IiQ", 16 + len(reply), error, unique) + reply)
    opened = opcode == OPEN
print("dead", flush=True)
time.sleep(1000)
