#!/bin/sh
# Runs a command in a root that debian-root.sh has made, with nothing of this machine's environment but the way to the network:
# test/packages/in-root.sh FOLDER COMMAND...
set -eu

root=$1

# In namespaces of its own: what is mounted here is seen nowhere else, and what is started ends with this.
if [ $$ -ne 1 ]; then exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@"; fi
shift

mount -t proc proc "$root/proc"
mount --rbind --make-rslave /dev "$root/dev"
mount --rbind --make-rslave /sys "$root/sys"
# Standard input is nothing: bash takes a socket, which it may be, for a login over the network, and reads files that fail under its
# option -u.
# shellcheck disable=SC2046 # words without blanks
chroot "$root" env -i $(env | grep -iE '^(http|https|no)_proxy=') NODE_EXTRA_CA_CERTS=/certificates.crt \
  DEBIAN_FRONTEND=noninteractive HOME=/root LANG=C.UTF-8 PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin \
  "$@" </dev/null
