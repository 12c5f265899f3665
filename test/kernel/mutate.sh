#!/bin/bash
# Proves that the tests can fail: breaks the 6.1 series on purpose, in one way after the other, and wants the
# scenario that mutations-6.1 names to fail on each kernel. By hand, since it takes the better part of an hour.
#
#   test/kernel/mutate.sh [MUTATION.patch...]
#
# The tree that is built in stays in <cache>/kernels/.mutants, for the next time; remove it as you like.
set -eu

# shellcheck source-path=SCRIPTDIR source=build.sh
. "$(dirname "$(readlink -f "$0")")/build.sh"

survivors=0

main() {
  [ $# -gt 0 ] || set -- "$here"/mutations-6.1/*.patch
  describe dmfd-6.1
  work=$cache/.mutants
  tree=$work/linux-source-$series
  [ -e "$work/ready" ] || prepare
  for mutation; do check "$(readlink -f "$mutation")"; done
  [ "$survivors" = 0 ] || fail "$survivors mutations went unnoticed"
}

prepare() {
  rm -rf "$work"
  mkdir -p "$work"
  unpack
  apply
  configure
  compile
  touch "$work/ready"
}

check() {
  patch -s -p1 -F0 -d "$tree" <"$1"
  # An interrupted run must not leave a broken tree that looks ready.
  rm "$work/ready"
  compile
  run_scenario "$1"
  patch -s -p1 -R -F0 -d "$tree" <"$1"
  touch "$work/ready"
}

run_scenario() {
  scenario=$(sed -n 's/^Runs: //p' "$1")
  expected=$(sed -n 's/^Fails: //p' "$1")
  rm -rf "$work/cache/kernels"
  mkdir -p "$work/cache/kernels"
  mv -T "$work/kernel" "$work/cache/kernels/dmfd-6.1"
  DMFD_CACHE=$work/cache timeout 600 npx --no-install vitest run --config "$here/../vitest.config.ts" \
    --project dmfd-6.1 "$scenario" >"$work/vitest.log" 2>&1 || :
  failures=$(sed 's/\x1b\[[0-9;]*m//g' "$work/vitest.log" | grep -aE 'FAIL |the guest kernel died' || :)
  if printf '%s\n' "$failures" | grep -qE "$expected"; then
    printf 'noticed   %s (%s failures)\n' "${1##*/}" "$(printf '%s\n' "$failures" | grep -c .)"
  else
    printf 'UNNOTICED %s\n' "${1##*/}"
    survivors=$((survivors + 1))
  fi
}

main "$@"
