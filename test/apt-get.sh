#!/bin/sh
# Runs apt-get. Where another one has the package lists or the downloads locked, as on a machine that has just booted and looks for
# its updates, it is tried again for ten minutes: apt-get itself waits for dpkg's lock alone. What it prints comes at the end.
#
#   test/apt-get.sh WORD...
set -eu

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 1' INT TERM HUP

main() {
  tries=30 seconds_between=20 status=0
  until run "$@"; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ] || ! grep -q '^E: Could not get lock' "$log"; then break; fi
    sleep "$seconds_between"
  done
  cat "$log" >&2
  exit "$status"
}

run() {
  status=0
  LC_ALL=C apt-get "$@" >"$log" 2>&1 || status=$?
  return "$status"
}

main "$@"
