#!/bin/sh
# Makes what an arm64 machine needs available in the cache, and prints its directory: Debian's kernel (vmlinuz, release,
# lib/modules), and in root/ a shell, mkfs and Node with their libraries. One that exists is used as it is.
set -eu

here=$(dirname "$(readlink -f "$0")")
PATH=$PATH:/usr/sbin:/sbin
cache=${DMFD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dmfd}
suite=bookworm
packages='busybox-static e2fsprogs libext2fs2 libcom-err2 libss2 libblkid1 libuuid1 libc6 libgcc-s1 libstdc++6'

main() {
  machine=$cache/arm64/$suite
  if [ ! -d "$machine" ]; then
    mkdir -p "$cache/arm64"
    exec 9>"$machine.lock"
    flock 9
    [ -d "$machine" ] || fetch
  fi
  printf '%s\n' "$machine"
}

fetch() {
  work=$(mktemp -d "$machine.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM HUP
  { fetch_kernel && fetch_root; } >"$work/log" 2>&1 || { cat "$work/log" >&2 && exit 1; }
  mv -T "$work/machine" "$machine"
}

fetch_kernel() {
  "$here/../kernels/fetch-kernel.sh" "$suite" "$work/kernel" arm64 &&
    release=$(cat "$work/kernel/release") &&
    mkdir -p "$work/machine/lib" &&
    mv "$work/kernel/lib/modules" "$work/machine/lib/modules" &&
    mv "$work/kernel/boot/vmlinuz-$release" "$work/machine/vmlinuz" &&
    mv "$work/kernel/release" "$work/machine/release" &&
    depmod -b "$work/machine" "$release"
}

fetch_root() {
  root=$work/machine/root
  mkdir -p "$work/download" "$root"
  # shellcheck disable=SC2086 # $packages is a list
  (cd "$work/download" && "$here/../kernels/own-apt.sh" "$work/apt" "$suite" arm64 apt-get -q download $packages) || return 1
  for package in "$work"/download/*.deb; do dpkg-deb -x "$package" "$root" || return 1; done
  rm -rf "${root:?}/usr/share"
  # The oldest that dmfd is for.
  cp "$("$here/../nodes/fetch-node.sh" 20 arm64)/node" "$root/usr/bin/node"
}

main
