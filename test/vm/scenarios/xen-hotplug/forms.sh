#!/bin/bash
# Attaches and detaches a disk in one form of params, and prints what came of it, a line each:
#
#   forms.sh SCRIPT PARAMS MODE      /tmp/plain and /tmp/base have a pattern, /tmp/cow and /tmp/cow2 are there
set -eu

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=/dev/null
. "$here/backend.sh"

script=$1 params=$2 mode=$3
device=/tmp/backend-51712

main() {
  truncate -s 0 /tmp/cow /tmp/cow2
  truncate -s 4M /tmp/cow /tmp/cow2
  pattern base >/tmp/base
  pattern plain >/tmp/plain
  printf '0 2048 zero\nthen\n0 2048 linear {below} 0\n' >/tmp/table
  disk 51712 "$params" "$mode"
  attach "$script" 51712
  echo "status: $(xs read "$(path 51712)/hotplug-status")"
  echo "holders: $(holders)"
  echo "told:$(told 51712)"
  echo "reads: $(dd if=$device bs=512 count=1 status=none | head -c 5 | tr '\0\n' '0_')"
  if [ "$mode" = w ]; then
    printf written | dd of=$device bs=512 seek=8 conv=sync,fsync status=none
    echo "reads what was written: $(dd if=$device iflag=direct bs=512 skip=8 count=1 status=none | head -c 7)"
  fi
  detach "$script" 51712
  echo "files with what was written:$(grep -l written /tmp/plain /tmp/base /tmp/cow /tmp/cow2 | sed 's/^/ /' | tr -d '\n')"
  pattern base | cmp -s - /tmp/base && echo "the base is as it was"
}

pattern() {
  yes "$1" | head -c 1048576
}

# Which of what xenstore is told of a disk is as the kernel has it: its number, its node, its sequence number.
told() {
  number=$(xs read "$(path "$1")/physical-device")
  sys=/sys/dev/block/$((0x${number%:*})):$((0x${number#*:}))
  case $(cat "$sys/dm/name") in "xen-vbd-3-$1-"*) printf ' number' ;; esac
  node=$(xs read "$(path "$1")/physical-device-path")
  if [ -b "$node" ] && [ "$(stat -c %t:%T "$node")" = "$number" ]; then printf ' path'; fi
  if [ "$(xs read "$(path "$1")/diskseq")" = "$(printf %016x "$(cat "$sys/diskseq")")" ]; then printf ' diskseq'; fi
}

# The processes that have the device open.
holders() {
  for fd in /proc/[0-9]*/fd/*; do
    if [ -b "$fd" ] && [ "$(stat -Lc %t:%T "$fd")" = "$(stat -c %t:%T $device)" ]; then cat "${fd%/fd/*}/comm"; fi
  done 2>/dev/null | sort -u | tr '\n' ' '
}

main
