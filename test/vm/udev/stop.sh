#!/bin/sh
# In the guest: ends udevd and takes away what shows others that there is one.
set -eu

# A worker that hangs is ended with udevd; what it held shows in the tests that follow.
udevadm settle --timeout=20 || true
# One that does not end when it is asked to is killed: nothing is tested of it any more.
pkill -TERM -x systemd-udevd || true
tries=0
while pgrep -x systemd-udevd >/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 200 ] || pkill -KILL -x systemd-udevd || true
  sleep 0.05
done
rm -rf /run/udev
