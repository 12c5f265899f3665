#!/bin/bash
# `make bench-xen`, in a guest that is domain 0: twelve disks attached at once, by Xen's own hotplug script, by dmfd, by dmfd
# with its service ("served"), and by another script, if one is given: the milliseconds until all are connected, when the scripts are run as libxl runs them and when
# xl is, the locks that are taken, and what is left when each script is killed at a random moment. Emulation stretches every
# time alike, more or less; the times say nothing about a real machine.
#
#   bench.sh LAUNCHER UNPACKED-PACKAGES ROUNDS KILLS [PEER]
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
launcher=$1 packages=$2 rounds=$3 kills=$4 peer=${5-}
# shellcheck source=/dev/null
. "$here/scenarios/domains.sh"
# shellcheck source=/dev/null
. "$here/../vm/scenarios/warm/workers.sh"
scripts=(block block-dmfd served)
declare -A seconds

main() {
  "$here/dom0.sh" "$packages" "$launcher"
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
  what=$1 script=$2
  shift 2
  if [ "$script" = served ]; then start_service; fi
  measured=$("$here/many-disks.sh" "$what" "${script/#served/block-dmfd}" "$@" 2>/dev/null | paste -sd ',') ||
    { echo "$what $script failed" && exit 1; }
  if [ "$script" = served ]; then end_service; fi
  printf '%-5s %-11s %s\n' "$what" "$script" "$measured"
}

start_service() {
  "$launcher" serve 2>/dev/null &
  service=$!
  settled || { echo 'the service does not get ready' && exit 1; }
}

end_service() {
  kill "$service"
  wait "$service"
}

main
