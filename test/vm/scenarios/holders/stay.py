"""Tells the loop device under the device of descriptor 3 not to detach by itself: LOOP_SET_STATUS64 without autoclear."""

import fcntl
import struct

LOOP_SET_STATUS64, LOOP_GET_STATUS64 = 0x4C04, 0x4C05
FLAGS_AT = 52

info = bytearray(232)
fcntl.ioctl(3, LOOP_GET_STATUS64, info)
struct.pack_into("<I", info, FLAGS_AT, 0)
fcntl.ioctl(3, LOOP_SET_STATUS64, bytes(info))
