#!/bin/sh
# In the guest: has udevd read its rules again, and returns when it has, and has worked through what it had to do.
#
# By signal: `udevadm control` says that it is done also where udevd, which had not yet asked for the sender's credentials, threw
# the message away (seen with 252).
set -eu

pkill -HUP -x systemd-udevd
udevadm settle
