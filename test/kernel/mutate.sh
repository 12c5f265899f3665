#!/bin/bash
# Proves that the tests can fail: breaks the 6.1 series on purpose, in one way after the other, and wants the
# test that each of mutations-6.1 names to fail. By hand, since it takes the better part of an hour.
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
  make --no-print-directory -C "$here/../.." test-programs
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

# A mutation names a scenario and one of its tests, or that no test survives because the kernel does not.
run_scenario() {
  scenario=$(sed -n 's/^Runs: //p' "$1")
  expected=$(sed -n 's/^Fails: //p' "$1")
  title=${expected#> }
  title=${title%$}
  [ "$expected" != 'the guest kernel died' ] || title=
  rm -rf "$work/cache/kernels"
  mkdir -p "$work/cache/kernels"
  mv -T "$work/kernel" "$work/cache/kernels/dmfd-6.1"
  (
    cd "$here/../.."
    DMFD_CACHE=$work/cache timeout 300 node node_modules/vitest/vitest.mjs run --config test/vitest.config.ts \
      --project dmfd-6.1 "$scenario" -t "$title"
  ) >"$work/vitest.log" 2>&1 || :
  failures=$(sed 's/\x1b\[[0-9;]*m//g' "$work/vitest.log" | grep -aE 'FAIL |the guest kernel died' || :)
  if printf '%s\n' "$failures" | grep -qE "$expected"; then
    echo "noticed    ${1##*/}"
  else
    echo "UNNOTICED  ${1##*/}"
    survivors=$((survivors + 1))
  fi
}

main "$@"
