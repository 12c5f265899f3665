#!/bin/sh
# Runs vitest and ends with exactly one line that says what came of it: "N passed, N failed", and
# ", N skipped" where there were any. Fails when anything failed, was never reached or did not load.
#
#   test/vm/run-tests.sh [VITEST-ARGUMENT...]
set -eu

cd "$(dirname "$(readlink -f "$0")")/../.."
DMFD_TEST_COUNTS=$(mktemp)
export DMFD_TEST_COUNTS
trap 'rm -f "$DMFD_TEST_COUNTS"' EXIT

status=0
node_modules/.bin/vitest run --config test/vitest.config.ts "$@" || status=$?

read -r passed failed skipped <"$DMFD_TEST_COUNTS" || { passed=0 && failed=0 && skipped=0; }
# vitest can also fail beside all tests: while it starts, or when a guest is shut down.
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
if [ "$status" -eq 0 ] && [ "$failed" -ne 0 ]; then status=1; fi

summary="$passed passed, $failed failed"
if [ "$skipped" -ne 0 ]; then summary="$summary, $skipped skipped"; fi
echo "$summary"
exit "$status"
