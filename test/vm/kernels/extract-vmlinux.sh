#!/bin/sh
# Unpacks the kernel from a bzImage that was compressed with xz or zstd; any other is left alone.
#
#   test/vm/kernels/extract-vmlinux.sh BZIMAGE OUTPUT
#
# An emulated processor needs seconds to unpack it. QEMU starts an unpacked kernel itself.
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

case $(payload | head -c 4 | od -An -t x1 | tr -d ' \n') in
  fd377a58) payload | xz -dc >"$output" ;;
  28b52ffd) payload | zstd -qdc >"$output" ;;
esac
