#!/bin/sh
# A mounted file system that is written to all the time, on a device that grows with its file.
#
#   grow.sh ext4|xfs
set -e

type=$1
image=/tmp/grow.img
mounted=/tmp/grown

trap 'mountpoint -q $mounted && umount $mounted || :' EXIT
rm -f $image
truncate -s 320M $image
mkdir -p $mounted
dmfd create grown --linear $image -- sh -c "mkfs.$type -q {path} && mount -t $type {path} $mounted"
dev=/dev/dm-$(dmsetup info -c --noheadings -o minor grown)
size() { df --output=size -BM $mounted | tail -n 1; }

head -c 20M /dev/urandom >$mounted/data
data=$(md5sum <$mounted/data)
before=$(size)
truncate -s 640M $image
while :; do echo x >>$mounted/log; done &
writer=$!
dmfd resize grown --to-backing
kill $writer
wait $writer || true
case $type in
ext4) resize2fs "$dev" >/dev/null 2>&1 ;;
xfs) xfs_growfs $mounted >/dev/null ;;
esac
after=$(size)

blockdev --getsize64 "$dev"
cat /sys/block/loop*/size | sort -n | tail -n 1
dmsetup table grown | tr -d '\n'
echo
dmsetup info grown | grep State
echo 3 >/proc/sys/vm/drop_caches
[ "$data" = "$(md5sum <$mounted/data)" ] && echo same
[ "${after%M}" -gt $((${before%M} * 3 / 2)) ] && echo grown
umount $mounted
rmdir $mounted
rm $image
