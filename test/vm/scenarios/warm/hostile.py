# What may be at the service's socket that is no service: hostile.py KIND
import os
import socket
import sys
import time

FOLDER = "/run/dmfd"
PATH = FOLDER + "/launcher.sock"
kind = sys.argv[1]

os.makedirs(FOLDER, exist_ok=True)
if os.path.lexists(PATH):
    os.unlink(PATH)
if kind == "stranger":
    os.chmod(FOLDER, 0o777)
    os.setuid(65534)
if kind == "file":
    open(PATH, "w").close()
server = socket.socket(socket.AF_UNIX)
if kind not in ("none", "file"):
    server.bind(PATH)
    server.listen(0 if kind == "full" else 8)
if kind == "dead":
    server.close()
if kind == "full":
    waiting = []
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        try:
            client.connect(PATH)
        except BlockingIOError:
            break
        waiting.append(client)
print("ready", flush=True)
while kind in ("silent", "garbage", "closing", "stranger"):
    connection, _ = server.accept()
    if kind == "garbage":
        connection.sendall(b"\1" + b"\xff" * 1000)
    if kind == "stranger":
        connection.sendall(bytes(16))
    if kind != "closing":
        kept = connection
    else:
        connection.close()
time.sleep(1000)
