#!/bin/sh
# The same key, as bytes for dmfd and in hex for dmsetup: whether what was written with the one is read with the other.
#
#   like-dmsetup.sh BACKING KEY-FILE SECTORS
set -eu

backing=$1
key=$2
sectors=$3
export DM_DISABLE_UDEV=1

create() {
  name=$1
  shift
  dmfd create "$name" --loop "$backing" --table "0 $sectors crypt aes-xts-plain64 {key} 0 {loop0} 0" "$@"
}

yes 'what was written' | head -c $((sectors * 512)) >/tmp/pattern
create one --key-file "$key" -- sh -c 'cat /tmp/pattern >/dev/fd/3; dmsetup table --showkeys one'

loop=$(losetup -f --show "$backing")
hex=$(od -An -v -tx1 "$key" | tr -d ' \n')
echo "0 $sectors crypt aes-xts-plain64 $hex 0 $loop 0" | dmsetup create two
cmp /tmp/pattern /dev/mapper/two && echo same
dmsetup remove two
losetup -d "$loop"

# The command does not get the descriptor of the key.
# shellcheck disable=SC2016,SC2094 # what is quoted is the command's; the key is only read
create three --key-fd 7 -- \
  sh -c 'cmp /tmp/pattern /dev/fd/3 && echo same; ls -l /proc/self/fd | grep -c "$0" || true' "$key" 7<"$key"
# shellcheck disable=SC2002 # the key out of a pipe
cat "$key" | create four --key-fd 0 -- sh -c 'head -c 17 /dev/fd/3'
