#!/bin/sh
# Makes one of Debian's generic kernels available in the cache, and prints its directory.
#
#   test/vm/kernels/debian.sh 5.10|6.1|6.12|latest
#
# Every kernel the harness boots, also one built elsewhere, is a directory <cache>/kernels/<name>/:
#
#   bzImage                   the kernel image
#   vmlinux                   the same, unpacked; optional, boots faster; needs CONFIG_PVH
#   release                   what uname -r says, one line
#   version                   the version of Debian's package and where it came from, one line; absent when built here
#   config                    its .config
#   lib/modules/<release>/    its modules with depmod's files; absent when everything is built in
#
# The directory appears by one rename when it is complete, so one that exists is used as it is and
# never asks the network. To get a newer kernel, remove it.
set -eu

here=$(dirname "$(readlink -f "$0")")
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source-path=SCRIPTDIR source=../cached.sh
. "$here/../cached.sh"

main() {
  name=debian-${1:-}
  case ${1:-} in
    5.10) suites=bullseye ;;
    6.1) suites=bookworm ;;
    6.12) suites=trixie ;;
    latest) suites='trixie-backports sid' ;;
    *) echo 'usage: debian.sh 5.10|6.1|6.12|latest' >&2 && exit 2 ;;
  esac
  kernel=$cache/kernels/$name
  cached "$kernel" build_kernel_directory
  printf '%s\n' "$kernel"
}

build_kernel_directory() {
  fetch_from_any_suite || give_up

  release=$(cat "$work/package/release")
  # Where kmod looks below another root depends on its own version, and where the files are on the package's.
  mkdir -p "$work/made/usr/lib"
  ln -s usr/lib "$work/made/lib"
  mv "$(first_of "$work"/package/usr/lib/modules "$work"/package/lib/modules)" "$work/made/lib/modules"
  modules=$work/made/lib/modules/$release
  mv "$(first_of "$work/package/boot/vmlinuz-$release" "$modules/vmlinuz")" "$work/made/bzImage"
  mv "$(first_of "$work/package/boot/config-$release" "$modules/config")" "$work/made/config"
  mv "$work/package/release" "$work/package/version" "$work/made"
  "$here/extract-vmlinux.sh" "$work/made/bzImage" "$work/made/vmlinux"
  depmod -b "$work/made" "$release"
  chmod -R a+rX "$work/made"
}

fetch_from_any_suite() {
  for suite in $suites; do
    "$here/fetch-kernel.sh" "$suite" "$work/package" >"$work/log" 2>&1 && break
    sed "s/^/$name: /" "$work/log" >&2
    rm -rf "$work/package"
  done
  [ -d "$work/package" ]
}

first_of() {
  for file; do
    [ ! -e "$file" ] || break
  done
  printf '%s\n' "$file"
}

give_up() {
  echo "could not get the kernel $name" >&2
  exit 1
}

main "$@"
