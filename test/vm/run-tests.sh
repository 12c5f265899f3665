#!/bin/sh
# Runs vitest and ends with exactly one line that says what came of it: "N passed, N failed", and
# ", N skipped" where there were any. Fails when anything failed, was never reached or did not load.
#
#   test/vm/run-tests.sh [VITEST-ARGUMENT...]
#
# With DMFD_TEST_ALL=1, the first kernel of DMFD_VM_KERNELS, which has all of each scenario, beside everything else: the rest of the
# kernels, two at a time (all their guests at once would take 20 GB), and Xen. With
# DMFD_TEST_NODES="20 22", the tests that need no kernel run on the newest Node of each of these, and not on this machine's; with both,
# not on 20, which the minimal Debians have (test/packages), and on all but the last of these as `make test` runs them.
set -eu

cd "$(dirname "$(readlink -f "$0")")/../.."
DMFD_TEST_COUNTS=$(mktemp)
export DMFD_TEST_COUNTS
trap 'rm -f "$DMFD_TEST_COUNTS" "$DMFD_TEST_COUNTS.groups" "$DMFD_TEST_COUNTS.failures"' EXIT

# The reporter adds a line for each run.
passed=0 failed=0 skipped=0 status=0

main() {
  if [ "${DMFD_TEST_ALL-}" = 1 ]; then
    run_beside_each_other "$@"
  else
    run_on_nodes "$@"
  fi
  while read -r more_passed more_failed more_skipped; do
    passed=$((passed + more_passed)) failed=$((failed + more_failed)) skipped=$((skipped + more_skipped))
  done <"$DMFD_TEST_COUNTS"
  # vitest can also fail beside all tests: while it starts, or when a guest is shut down.
  if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  if [ "$status" -eq 0 ] && [ "$failed" -ne 0 ]; then status=1; fi

  # Once more, where somebody who reads only the end finds them.
  if [ -e "$DMFD_TEST_COUNTS.failures" ]; then cat "$DMFD_TEST_COUNTS.failures"; fi
  summary="$passed passed, $failed failed"
  if [ "$skipped" -ne 0 ]; then summary="$summary, $skipped skipped"; fi
  echo "$summary"
  exit "$status"
}

run() {
  node_modules/.bin/vitest run --config test/vitest.config.ts "$@" || status=$?
}

run_on_nodes() {
  [ -n "${DMFD_TEST_NODES-}" ] || { run "$@" && return; }
  path=$PATH all=${DMFD_TEST_ALL-}
  for node in $DMFD_TEST_NODES; do
    [ "$all/$node" != 1/20 ] || continue
    DMFD_TEST_ALL=$all
    [ "$node" = "${DMFD_TEST_NODES##* }" ] || DMFD_TEST_ALL=
    bin=$(test/vm/nodes/fetch-node.sh "$node") || { status=1 && continue; }
    PATH=$bin:$path
    echo "on Node $(node --version):"
    run "$@"
  done
  PATH=$path DMFD_TEST_ALL=$all
}

run_beside_each_other() {
  first=${DMFD_VM_KERNELS%% *} others=${DMFD_VM_KERNELS#* }
  (run_group "$first" "$@" && exit "$status") &
  beside=$!
  run --project harness "$@"
  # Not at the end, where a processor would have nothing to do beside one guest.
  (export DMFD_TEST_XEN=1 && run --project xen "$@" && exit "$status") || status=1
  run_on_nodes --project unit "$@"
  echo "$others" | xargs -n 2 >"$DMFD_TEST_COUNTS.groups"
  while read -r group <&3; do
    run_group "$group" "$@"
  done 3<"$DMFD_TEST_COUNTS.groups"
  wait "$beside" || status=1
}

# run_group KERNELS [VITEST-ARGUMENT...]
run_group() {
  DMFD_VM_KERNELS=$1
  export DMFD_VM_KERNELS
  shift
  for kernel in $DMFD_VM_KERNELS; do set -- --project "$kernel" --project "systemd-$kernel" "$@"; done
  run "$@"
}

main "$@"
