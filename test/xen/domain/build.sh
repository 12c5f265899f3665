#!/bin/sh
# Makes the initramfs of a small PV domain from what this machine has: busybox, and its kernel's xen-blkfront.
#
#   test/xen/domain/build.sh OUTPUT
set -eu

here=$(dirname "$(readlink -f "$0")")
root=$(mktemp -d)
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys"
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$here/init" "$root/init"
chmod 755 "$root/init"
modprobe --show-depends xen-blkfront | sed -n 's/^insmod \(.*[^ ]\) *$/\1/p' | while read -r module; do
  case $module in
    *.xz) xz -dc "$module" >"$root/${module##*/}.ko" ;;
    *) cp "$module" "$root/${module##*/}" ;;
  esac
  echo "${module##*/}"
done >"$root/modules"
sed -i 's/\.xz$/.xz.ko/' "$root/modules"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$1"
rm -r "$root"
