#!/bin/sh
# A program with more memory than its cgroup may have, over encrypted swap: whether its pages went out, whether the
# backing file shows them, and whether they came back.
#
#   under-pressure.sh FILE SWAP-OUT TEXT
set -eu

file=$1
swap_out=$2
text=$3
cgroup=/tmp/cg/small

main() {
  dmfd swap "$file" -q >/dev/null
  make_cgroup
  rm -f /tmp/go /tmp/out
  mkfifo /tmp/go
  (echo 0 >"$cgroup/cgroup.procs" && exec "$swap_out" 40 "$text") </tmp/go >/tmp/out &
  exec 8>/tmp/go
  until grep -q filled /tmp/out; do sleep 0.1; done

  device=$(awk 'END { print $1 }' /proc/swaps)
  awk 'END { print ($4 > 20000 ? "used" : "only " $4) }' /proc/swaps
  awk '{ print ($7 > 40000 ? "written" : "only " $7) }' "/sys/block/${device##*/}/stat"
  sync
  grep -aFc "$text" "$file" || true

  echo >&8
  exec 8>&-
  wait
  cat /tmp/out
  rmdir "$cgroup"
  swapoff /dev/dm-0
}

make_cgroup() {
  mkdir -p /tmp/cg
  mountpoint -q /tmp/cg || mount -t cgroup2 none /tmp/cg
  echo +memory >/tmp/cg/cgroup.subtree_control
  mkdir -p "$cgroup"
  echo 12M >"$cgroup/memory.max"
}

main
