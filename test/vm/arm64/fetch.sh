#!/bin/sh
# Makes what an arm64 machine needs available in the cache, and prints its directory: Debian's kernel (vmlinuz, release,
# lib/modules), and in root/ a shell, mkfs and Node with their libraries. One that exists is used as it is.
set -eu

here=$(dirname "$(readlink -f "$0")")
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source-path=SCRIPTDIR source=../cached.sh
. "$here/../cached.sh"
suite=bookworm
packages='busybox-static e2fsprogs libext2fs2 libcom-err2 libss2 libblkid1 libuuid1 libc6 libgcc-s1 libstdc++6'

main() {
  machine=$cache/arm64/$suite
  cached "$machine" fetch
  printf '%s\n' "$machine"
}

fetch() {
  { fetch_kernel && fetch_root; } >"$work/log" 2>&1 || { cat "$work/log" >&2 && exit 1; }
}

fetch_kernel() {
  "$here/../kernels/fetch-kernel.sh" "$suite" "$work/kernel" arm64 &&
    release=$(cat "$work/kernel/release") &&
    mkdir -p "$work/made/lib" &&
    mv "$work/kernel/lib/modules" "$work/made/lib/modules" &&
    mv "$work/kernel/boot/vmlinuz-$release" "$work/made/vmlinuz" &&
    mv "$work/kernel/release" "$work/made/release" &&
    depmod -b "$work/made" "$release"
}

fetch_root() {
  root=$work/made/root
  mkdir -p "$work/download" "$root"
  # shellcheck disable=SC2086 # $packages is a list
  (cd "$work/download" && "$here/../kernels/own-apt.sh" "$work/apt" "$suite" arm64 apt-get -q download $packages) || return 1
  for package in "$work"/download/*.deb; do dpkg-deb -x "$package" "$root" || return 1; done
  rm -rf "${root:?}/usr/share"
  # The oldest that dmfd is for.
  cp "$("$here/../nodes/fetch-node.sh" 20 arm64)/node" "$root/usr/bin/node"
}

main
