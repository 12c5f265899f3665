"""Fills more memory than its cgroup may have, and compares it page by page: hog.py MEBIBYTES. Says what it does."""

import mmap
import os
import struct
import sys
import time

PAGE = mmap.PAGESIZE
pages = int(sys.argv[1]) * (1 << 20) // PAGE
memory = mmap.mmap(-1, pages * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def page(number):
    return struct.pack("<Q", number * 2654435761) * (PAGE // 8)


def compare():
    bad = sum(memory[n * PAGE : (n + 1) * PAGE] != page(n) for n in range(pages))
    with open("/proc/self/status") as status:
        swapped = next(line.split()[1] for line in status if line.startswith("VmSwap:"))
    return f"{bad} bad pages, {int(swapped) // 1024} MiB are out"


for number in range(pages):
    memory[number * PAGE : (number + 1) * PAGE] = page(number)
print("under pressure:", compare(), flush=True)
while not os.path.exists("/run/swap-is-off"):
    time.sleep(0.05)
print("after swapoff:", compare(), flush=True)
