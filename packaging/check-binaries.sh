#!/bin/sh
# Checks that binaries made with PORTABLE=1 run where the README says: packaging/check-binaries.sh FOLDER
# The launcher needs no C library. The library names none, and what it uses is in glibc 2.28 and in musl.
set -eu

here=$(dirname "$0")
folder=$1

main() {
  ! readelf -d "$folder/dmfd" | grep -q NEEDED || fail "the launcher is not static"
  ! readelf -d "$folder/libdmfd.so" | grep -q NEEDED || fail "the library names others"

  "$here/check-glibc.sh" "$folder/libdmfd-versions.so"

  # The shield and the command's process share dmfd's memory, and with it what the C library has noted of the thread.
  noted=$(symbols UND "$folder/libdmfd.so" | grep -xE 'raise|abort|pthread_(kill|self|sigqueue|cancel|exit|atfork)|(v?fork|system|posix_spawnp?)|set(e|re|res)?[ug]id|setgroups' || true)
  [ -z "$noted" ] || fail "the library calls $noted, which asks the C library what thread or process this is"

  # What musl has is the same on each architecture.
  absent=$(symbols UND "$folder/libdmfd.so" | grep -vxF "$(symbols '[0-9]*' /lib/ld-musl-x86_64.so.1)" || true)
  [ -z "$absent" ] || fail "musl does not have $absent"

  uses_x86 || return 0
  waiting=$(printf 'SigPnd:\t%016x\nSigBlk:\t%016x' 0x4200 0x4200)
  [ "$(run_on_musl)" = "$waiting" ] || fail "with musl, a command does not find the signals that wait for it"
}

run_on_musl() {
  # The kernel's own headers are not musl's.
  musl-gcc -std=c11 -D_GNU_SOURCE -Inative-shims -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu \
    -Wl,-rpath,"$PWD/$folder" -o "$folder/on-musl" packaging/on-musl.c "$folder/libdmfd.so"
  "$folder/on-musl"
}

uses_x86() {
  readelf -h "$folder/libdmfd.so" | grep -q X86-64
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
