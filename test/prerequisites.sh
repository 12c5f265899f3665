#!/bin/sh
# Checks for the system tools the make targets need, and installs the missing ones when that is
# possible (root, with apt). Silent and quick when everything is there.
#
#   test/prerequisites.sh GROUP...
#     build    a C compiler, make and the kernel's user headers
#     lint     what checks the shell scripts and man pages
#     unit     the shells whose completions are tested, and what the tests that need no kernel run
#     vm       what boots the virtual machine, and the tools its guest borrows from this machine
#     package  the compilers of the architectures that the packages have binaries for
#     kernel   what building a patched kernel needs on top of build
#     roots    what makes a minimal Debian to try dmfd in, and what reads its packages
#     arm64    what emulates such a machine
#     tools    other compilers, and another C library
#     all      build and vm
set -eu

here=$(dirname "$(readlink -f "$0")")
PATH=$PATH:/usr/sbin:/sbin
missing=

main() {
  [ $# -gt 0 ] || fail_usage
  for group in "$@"; do
    case $group in
      build) check_build ;;
      lint) check_lint ;;
      unit) check_unit ;;
      vm) check_vm ;;
      package) check_build && check_package ;;
      kernel) check_build && check_kernel ;;
      roots) need_command debootstrap debootstrap && need_command lintian lintian ;;
      tools) check_tools ;;
      arm64) need_command qemu-aarch64-static qemu-user-static && need_command qemu-system-aarch64 qemu-system-arm ;;
      all) check_build && check_vm ;;
      *) fail_usage ;;
    esac
  done
  [ -n "$missing" ] || return 0

  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    report_missing
    exit 1
  fi
  install_missing
}

check_build() {
  need_command gcc build-essential
  need_command make build-essential
  need_file /usr/include/stdlib.h build-essential
  need_file /usr/include/linux/dm-ioctl.h linux-libc-dev
}

check_lint() {
  need_command shellcheck shellcheck
  need_command mandoc mandoc
}

check_unit() {
  need_command zsh zsh
  need_command fish fish
  need_command fdisk fdisk
  need_command mkswap util-linux
  need_command veritysetup cryptsetup-bin
  need_file /usr/bin/python3 python3-minimal
}

check_vm() {
  need_x86_64
  need_command qemu-system-x86_64 qemu-system-x86
  need_static_busybox
  need_command cpio cpio
  need_command modprobe kmod
  need_command xz xz-utils
  need_command zstd zstd
  need_command dpkg-deb dpkg
  need_command setpriv util-linux
  need_command flock util-linux
  need_command losetup mount
  need_command mkswap util-linux
  need_command mkfs.ext4 e2fsprogs
  need_command mkfs.xfs xfsprogs
  need_command mkfs.btrfs btrfs-progs
  need_command sfdisk fdisk
  need_command lvm lvm2
  need_command dmsetup dmsetup
  need_command cryptsetup cryptsetup-bin
  need_command strace strace
  need_command ps procps
  need_file /lib/systemd/systemd systemd
  need_file /usr/bin/python3 python3-minimal
}

check_package() {
  need_x86_64
  need_command x86_64-linux-gnu-gcc gcc-x86-64-linux-gnu
  need_command aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
  need_file /usr/aarch64-linux-gnu/lib/libc.a libc6-dev-arm64-cross
  need_command musl-gcc musl-tools
  need_command openssl openssl
  need_command dpkg-deb dpkg
}

check_tools() {
  need_command clang clang
  need_command musl-gcc musl-tools
  need_command arm-linux-gnueabihf-gcc gcc-arm-linux-gnueabihf
  need_file /usr/arm-linux-gnueabihf/include/stdlib.h libc6-dev-armhf-cross
  need_command qemu-arm-static qemu-user-static
}

check_kernel() {
  need_command flex flex
  need_command bison bison
  need_command bc bc
  need_command patch patch
  need_command xz xz-utils
  need_command cpio cpio
  need_command depmod kmod
  need_file /usr/include/libelf.h libelf-dev
  need_file /usr/include/openssl/ssl.h libssl-dev
}

# The guest runs this machine's programs on Debian's kernels for x86-64, and the cross compilers are those of such a machine.
need_x86_64() {
  [ "$(uname -m)" = x86_64 ] && return
  echo "this needs an x86-64 machine; on this one ($(uname -m)), \"make install\" builds and installs dmfd" >&2
  exit 1
}

need_command() {
  command -v "$1" >/dev/null || add_package "$2"
}

need_file() {
  [ -e "$1" ] || add_package "$2"
}

# The busybox package is linked dynamically and of no use in an initramfs; a dynamic program names
# its loader in its first page.
need_static_busybox() {
  busybox=$(command -v busybox) || { add_package busybox-static && return; }
  if head -c 4096 "$busybox" | grep -aq ld-linux; then add_package busybox-static; fi
}

add_package() {
  case " $missing " in
    *" $1 "*) ;;
    *) missing="${missing:+$missing }$1" ;;
  esac
}

report_missing() {
  {
    echo "Missing on this machine: $missing"
    echo "Install them, as root:"
    echo "  apt-get update && apt-get install -y --no-install-recommends $missing"
  } >&2
}

install_missing() {
  echo "installing: $missing" >&2
  log=$(mktemp)
  # shellcheck disable=SC2086 # $missing is a list
  # The lock keeps two targets started at once from fighting for apt's package lists. Who has it may wait for apt itself twice.
  if ! {
    flock -w 1800 9 &&
      "$here/apt-get.sh" -qq update &&
      DEBIAN_FRONTEND=noninteractive "$here/apt-get.sh" -qq -y --no-install-recommends \
        -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 install $missing
  } >"$log" 2>&1 9>"${TMPDIR:-/tmp}/dmfd-prerequisites.lock"; then
    cat "$log" >&2
    rm -f "$log"
    echo "apt could not install: $missing" >&2
    exit 1
  fi
  rm -f "$log"
}

fail_usage() {
  echo "usage: test/prerequisites.sh build|lint|vm|package|kernel|roots|arm64|tools|all ..." >&2
  exit 2
}

main "$@"
