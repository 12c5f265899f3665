#!/bin/sh
# Makes the guest a domain 0 whose toolstack works: the files of the packages, the modules, xenstored, dmfd's scripts.
#
#   test/xen/dom0.sh UNPACKED-PACKAGES [LAUNCHER]     without it, what `make install` has installed is used
set -eu

packages=$1
launcher=${2-}

main() {
  cp -rsn "$packages/etc" "$packages/usr" "$packages/var" /
  mkdir -p /run/xen /run/xenstored /run/lock /var/log/xen/console /var/lib/xen
  modprobe -a xenfs xen-evtchn xen-gntdev xen-gntalloc
  mount -t xenfs xenfs /proc/xen
  bin=$(echo /usr/lib/xen-[0-9]*/bin)
  XENSTORED_ROOTDIR=/run/xenstored "$bin/xenstored" --pid-file /run/xen/xenstored.pid
  tenths=600
  until xenstore-read -s / >/dev/null 2>&1; do
    [ "$tenths" -gt 0 ] || { echo 'xenstored does not answer' >&2 && exit 1; }
    tenths=$((tenths - 1))
    sleep 0.1
  done
  "$bin/xen-init-dom0" >/dev/null
  "$bin/xenconsoled" --log=guest --log-dir=/var/log/xen/console --pid-file=/run/xen/xenconsoled.pid
  modprobe -a xen-blkback xen-blkfront loop dm-mod
  if [ -n "$launcher" ]; then ln -sfn "$launcher" /etc/xen/scripts/block-dmfd; fi
  ln -sfn block-dmfd /etc/xen/scripts/block-snapshot
  # Debian's own commands look first which hypervisor runs.
  ln -sfn "$bin/xl" /usr/local/bin/xl
}

main
