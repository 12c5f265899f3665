#!/bin/sh
# In the guest: ends udevd and takes away what shows others that there is one.
set -eu

# A worker that hangs is ended with udevd; what it held shows in the tests that follow.
udevadm settle --timeout=30 || true
udevadm control --exit
while [ -n "$(pgrep -x systemd-udevd)" ]; do sleep 0.05; done
rm -rf /run/udev
