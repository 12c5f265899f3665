#!/bin/sh
# Runs `job` in an emulated arm64 machine with Debian's kernel, and prints what it prints: test/vm/arm64/run.sh DEB TARBALL PROGRAMS
# DEB is dmfd's package for arm64, and what the job calls dmfd; TARBALL npm's, which it finds in /npm/package, with what that needs of
# npm; PROGRAMS a folder whose programs it finds in /programs.
set -eu

here=$(dirname "$(readlink -f "$0")")
PATH=$PATH:/usr/sbin:/sbin
deb=$1 tarball=$2 programs=$3
# What the machine has, with all that it needs.
modules='virtio_mmio virtio_console dm-mod dm-zero dm-crypt loop ext4 xts aes_generic crc32c_generic'

main() {
  machine=$("$here/fetch.sh")
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'kill $qemu 2>/dev/null; exit 1' INT TERM HUP
  qemu=
  make_root
  (cd "$work/root" && find . | cpio --quiet -o -H newc -R 0:0) >"$work/initramfs"
  # A processor that signs pointers as real ones do takes an emulator twice as long.
  timeout 900 qemu-system-aarch64 -machine virt -accel tcg,thread=single -cpu cortex-a57 -m 1536 -nodefaults -no-reboot -nographic \
    -kernel "$machine/vmlinuz" -initrd "$work/initramfs" -append 'console=ttyAMA0 loglevel=4 panic=-1' \
    -serial "file:$work/console" -chardev "file,id=output,path=$work/output" \
    -device virtio-serial-device -device virtconsole,chardev=output </dev/null >&2 &
  qemu=$!
  wait $qemu || true
  # What the job says beside its output, and the kernel.
  install -D -m 644 "$work/console" "$here/../../../build/vm-logs/arm64/console.log"
  tr -d '\r' <"$work/output" >"$work/text"
  if [ "$(tail -n 1 "$work/text")" != 'end of the job' ]; then
    cat "$work/console" "$work/text" >&2
    exit 1
  fi
  sed '$d' "$work/text"
}

make_root() {
  cp -a "$machine/root" "$work/root"
  dpkg-deb -x "$deb" "$work/root"
  mkdir -p "$work/root/npm" "$work/root/programs" "$work/root/proc" "$work/root/sys" "$work/root/dev" "$work/root/tmp" "$work/root/mnt"
  tar -xzf "$tarball" -C "$work/root/npm"
  ln -s /usr/lib/dmfd/node_modules "$work/root/npm/package/node_modules"
  find "$programs" -type f -exec cp -t "$work/root/programs" {} +
  cp "$here/init" "$work/root/init"
  cp "$here/job" "$work/root/job"
  add_modules
}

add_modules() {
  release=$(cat "$machine/release")
  for module in $modules; do
    modprobe -d "$machine" -S "$release" --show-depends "$module"
  done | sed -n 's/^insmod \(.*[^ ]\) *$/\1/p' | sort -u | while read -r file; do
    install -D -m 644 "$file" "$work/root/lib/modules/$release/${file##*/}"
  done
  depmod -b "$work/root" "$release" 2>/dev/null
}

main
