#!/bin/sh
# Functions for what dmfd must not leave.

# Where native-shims/device/node.c makes a private node.
PRIVATE_PLACES='/dev /run /dev/shm /tmp /var/tmp'

# Directories of private nodes, one a line.
private_nodes() {
  for place in $PRIVATE_PLACES; do
    for directory in "$place"/.dmfd-*; do [ ! -e "$directory" ] || echo "$directory"; done
  done
}

# Mapped devices, attached loop devices, directories of private nodes, one a line.
leftovers() {
  for d in /sys/block/dm-*; do
    [ -e "$d" ] && { read -r name <"$d/dm/name" || name=$d; echo "dm: $name"; } 2>/dev/null
  done
  for d in /sys/block/loop*/loop; do
    [ -e "$d/backing_file" ] && { read -r name <"$d/backing_file" || name=$d; echo "loop: $name"; } 2>/dev/null
  done
  private_nodes
}

# Waits for at most two seconds until there are none, and prints what is left then; the kernel destroys a moment after a close.
gone() {
  for _ in $(seq 40); do
    left=$(leftovers)
    [ -n "$left" ] || break
    sleep 0.05
  done
  echo "$left"
}
