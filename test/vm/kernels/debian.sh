#!/bin/sh
# Makes one of Debian's generic kernels available in the cache, and prints its directory.
#
#   test/vm/kernels/debian.sh 6.1|6.12
#
# Every kernel the harness boots, also one built elsewhere, is a directory <cache>/kernels/<name>/:
#
#   bzImage                   the kernel image
#   vmlinux                   the same, unpacked; optional, boots faster; needs CONFIG_PVH
#   release                   what uname -r says, one line
#   config                    its .config
#   lib/modules/<release>/    its modules with depmod's files; absent when everything is built in
#
# The directory appears by one rename when it is complete, so one that exists is used as it is and
# never asks the network.
set -eu

here=$(dirname "$(readlink -f "$0")")
PATH=$PATH:/usr/sbin:/sbin
cache=${DMFD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dmfd}

main() {
  series=${1:?usage: debian.sh 6.1|6.12}
  kernel=$cache/kernels/debian-$series
  if [ ! -d "$kernel" ]; then
    mkdir -p "$cache/kernels"
    exec 9>"$cache/kernels/.debian-$series.lock"
    flock 9
    [ -d "$kernel" ] || build_kernel_directory
  fi
  printf '%s\n' "$kernel"
}

build_kernel_directory() {
  work=$(mktemp -d "$cache/kernels/.debian-$series.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM HUP
  "$here/fetch-package.sh" "linux-image-$(printf %s "$series" | sed 's/\./\\./g')\\.[^-]+(-[0-9]+)?-amd64" "$work/package"

  set -- "$work"/package/boot/vmlinuz-*
  release=${1##*/vmlinuz-}
  mkdir -p "$work/kernel/lib"
  mv "$work/package/boot/vmlinuz-$release" "$work/kernel/bzImage"
  "$here/extract-vmlinux.sh" "$work/kernel/bzImage" "$work/kernel/vmlinux"
  mv "$work/package/boot/config-$release" "$work/kernel/config"
  mv "$work/package/lib/modules" "$work/kernel/lib/modules"
  printf '%s\n' "$release" >"$work/kernel/release"
  depmod -b "$work/kernel" "$release"
  chmod -R a+rX "$work/kernel"
  mv -T "$work/kernel" "$kernel"
}

main "$@"
