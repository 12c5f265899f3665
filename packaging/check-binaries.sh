#!/bin/sh
# Checks that binaries made with PORTABLE=1 run where the README says: packaging/check-binaries.sh FOLDER
# The launcher needs no C library. The library names none, and what it uses is in glibc 2.28 and in musl.
set -eu

folder=$1
oldest=2.28

main() {
  ! readelf -d "$folder/dmfd" | grep -q NEEDED || fail "the launcher is not static"
  ! readelf -d "$folder/libdmfd.so" | grep -q NEEDED || fail "the library names others"

  newest=$(readelf -W --dyn-syms "$folder/libdmfd-versions.so" | grep -o '@GLIBC_[0-9.]*' | sed 's/.*_//' | sort -V | tail -1)
  [ "$(printf '%s\n%s\n' "$newest" "$oldest" | sort -V | tail -1)" = "$oldest" ] ||
    fail "the library needs glibc $newest"

  # What musl has is the same on each architecture.
  absent=$(symbols UND "$folder/libdmfd.so" | grep -vxF "$(symbols '[0-9]*' /lib/ld-musl-x86_64.so.1)" || true)
  [ -z "$absent" ] || fail "musl does not have $absent"
}

# What the dynamic symbol table has in sections like $1; what is weak may be absent.
symbols() {
  readelf -W --dyn-syms "$2" | awk -v section="^$1\$" '$7 ~ section && $8 != "" && !(section ~ /UND/ && $5 == "WEAK") { sub(/@.*/, "", $8); print $8 }'
}

fail() {
  echo "packaging/check-binaries.sh: $folder: $1" >&2
  exit 1
}

main
