#!/bin/sh
# Builds the initramfs for one kernel.
#
#   test/vm/initramfs/build.sh KERNEL-DIRECTORY AGENT OUTPUT
#
# KERNEL-DIRECTORY is laid out as kernels/debian.sh says. OUTPUT appears by one rename.
set -eu

here=$(dirname "$(readlink -f "$0")")
PATH=$PATH:/usr/sbin:/sbin
kernel=$1
agent=$2
output=$3

boot_modules='virtio_pci 9pnet_virtio 9p overlay virtio_console'
applets='sh mount umount mkdir insmod switch_root ln rm cp cat dirname hostname ip poweroff'

main() {
  work=$(mktemp -d)
  trap 'rm -rf "$work" "$output.$$"' EXIT
  root=$work/root
  mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/overlay" "$root/modules"
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $applets; do ln -s busybox "$root/bin/$applet"; done
  cp "$here/init" "$root/init"
  cp -r "$here/../systemd" "$root/systemd"
  cp "$agent" "$root/agent"
  chmod 755 "$root/init" "$root/agent"
  add_modules
  (cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$output.$$"
  mv "$output.$$" "$output"
}

# The modules, uncompressed, and the order in which they load.
add_modules() {
  release=$(cat "$kernel/release")
  : >"$root/modules/order"
  [ -d "$kernel/lib/modules/$release" ] || return 0
  printf '%s\n' "$release" >"$root/modules/release"
  for module in $boot_modules; do
    modprobe -d "$kernel" -S "$release" --show-depends "$module"
  done >"$work/depends"
  # "builtin NAME" asks for nothing; "insmod FILE " is what loads, several times where it is shared.
  sed -n 's/^insmod \(.*[^ ]\) *$/\1/p' "$work/depends" | awk '!seen[$0]++' >"$work/files"
  while read -r file; do add_module "$file"; done <"$work/files"
}

add_module() {
  name=${1##*/}
  case $name in
    *.ko) cp "$1" "$root/modules/$name" ;;
    *.ko.xz) name=${name%.xz} && xz -dc "$1" >"$root/modules/$name" ;;
    *.ko.gz) name=${name%.gz} && gzip -dc "$1" >"$root/modules/$name" ;;
    *) echo "$1: compressed in a way that is not known here" >&2 && exit 1 ;;
  esac
  echo "$name" >>"$root/modules/order"
}

main
