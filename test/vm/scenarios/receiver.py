"""A server that is sent a descriptor: receiver.py TYPE ADDRESS ACTION. What it got is one line on standard output."""

import os
import socket
import sys
import time

kind, address, action = sys.argv[1:]
server = socket.socket(socket.AF_UNIX, getattr(socket, "SOCK_" + kind.upper()))
server.bind("\0" + address[1:] if address.startswith("@") else address)
if kind != "dgram":
    server.listen(1)
print("ready", flush=True)

if action == "never":
    time.sleep(1000)
connection = server if kind == "dgram" else server.accept()[0]
if action == "close":
    connection.close()
elif action == "bytes":
    # No room for descriptors: the kernel drops them.
    connection.recv(65536)
else:
    payload, descriptors, _, _ = socket.recv_fds(connection, 65536, 4)
    while not descriptors:
        # Somebody connected, and thought better of it.
        connection = server.accept()[0]
        payload, descriptors, _, _ = socket.recv_fds(connection, 65536, 4)
    (disk,) = descriptors
    device = os.fstat(disk).st_rdev
    content = os.pread(disk, 5, 0).decode()
    print(f"{os.major(device)}:{os.minor(device)} {content} {payload.decode()}", end="", flush=True)
time.sleep(1000)
