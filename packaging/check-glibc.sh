#!/bin/sh
# Checks that a library has what it needs in the oldest glibc that dmfd is for, which is the oldest that Node's own builds are for:
# packaging/check-glibc.sh FILE
set -eu

oldest=2.28
newest=$(readelf -W --dyn-syms "$1" | grep -o '@GLIBC_[0-9.]*' | sed 's/.*_//' | sort -V | tail -1)
if [ -z "$newest" ] || [ "$(printf '%s\n%s\n' "$newest" "$oldest" | sort -V | tail -1)" != "$oldest" ]; then
  echo "packaging/check-glibc.sh: $1 needs glibc ${newest:-of no version}" >&2
  exit 1
fi
