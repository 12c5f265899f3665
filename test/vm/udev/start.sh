#!/bin/sh
# In the guest: starts systemd-udevd with Debian's rules and those of the installed packages, dmsetup's
# among them, and returns when it has worked through what the kernel has already.
#
#   test/vm/udev/start.sh DIRECTORY-WITH-UDEV [ROOT]
#
# ROOT: the root directory in which it runs, where install.sh has been before.
set -eu

root=${2:-/}
"$(dirname "$0")/install.sh" "$1"

mkdir -p /run/udev
# What it complains of can be read by the tests. One that does not answer is not there yet, or ended at once: started again.
until udevadm control --ping --timeout=5 2>/dev/null; do
  pgrep -x systemd-udevd >/dev/null ||
    SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=info setsid chroot "$root" /usr/lib/systemd/systemd-udevd </dev/null >/tmp/udevd.log 2>&1 &
  sleep 0.5
done
udevadm trigger --action=add --subsystem-match=block --subsystem-match=misc
udevadm settle
