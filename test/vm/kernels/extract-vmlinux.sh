#!/bin/sh
# Unpacks the kernel from a bzImage that was compressed with xz; any other is left alone.
#
#   test/vm/kernels/extract-vmlinux.sh BZIMAGE OUTPUT
#
# An emulated processor needs over two seconds to unpack xz. QEMU starts an unpacked kernel itself.
set -eu

image=$1
output=$2

# The offsets are those of the x86 boot protocol's setup header.
setup_sectors=$(od -An -t u1 -j 497 -N 1 "$image")
payload_offset=$(od -An -t u4 -j 584 -N 4 "$image")
payload_length=$(od -An -t u4 -j 588 -N 4 "$image")
start=$(((setup_sectors + 1) * 512 + payload_offset))

# The payload ends with four bytes that are no part of the compressed stream: its unpacked size.
payload() {
  tail -c "+$((start + 1))" "$image" | head -c "$((payload_length - 4))"
}

if [ "$(payload | head -c 6 | od -An -t x1 | tr -d ' \n')" = fd377a585a00 ]; then
  payload | xz -dc >"$output"
fi
