#!/bin/bash
# `make bench-xen`, in a guest that is domain 0: twelve disks attached at once, by Xen's own hotplug script, by dmfd, and by
# another script, if one is given: the milliseconds until all are connected, when the scripts are run as libxl runs them and when
# xl is, the locks that are taken, and what is left when each script is killed at a random moment. Emulation stretches every
# time alike, more or less; the times say nothing about a real machine.
#
#   bench.sh UNPACKED-PACKAGES ROUNDS KILLS [PEER]
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
packages=$1 rounds=$2 kills=$3 peer=${4-}
scripts=(block block-dmfd)
declare -A seconds

main() {
  "$here/dom0.sh" "$packages" "$here/../../native-shims/build/dmfd"
  if [ -n "$peer" ]; then
    cp "$peer" /etc/xen/scripts/peer
    scripts+=(peer)
  fi
  for _ in $(seq "$rounds"); do
    for script in "${scripts[@]}"; do
      measure time "$script"
      seconds[$script]=$((${measured%% *} / 1000 + 1))
    done
  done
  for _ in $(seq "$rounds"); do
    for script in "${scripts[@]}"; do measure xl "$script"; done
  done
  for _ in $(seq "$kills"); do
    for script in "${scripts[@]}"; do measure kill "$script" "${seconds[$script]}"; done
  done
}

measure() {
  measured=$("$here/many-disks.sh" "$@" 2>/dev/null | paste -sd ',') || { echo "$* failed" && exit 1; }
  printf '%-5s %-11s %s\n' "$1" "$2" "$measured"
}

main
