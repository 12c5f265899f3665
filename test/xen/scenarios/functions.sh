#!/bin/bash
# Shell functions for domain 0.

# attach DISK-LINE: to domain 0 itself, as /dev/xvdz; returns when it is there.
attach() {
  xl block-attach 0 "format=raw,vdev=${vdev-xvdz},access=${access-rw},script=${script-block-dmfd},target=$1" || return
  for _ in $(seq 200); do
    [ ! -b "/dev/${vdev-xvdz}" ] || return 0
    sleep 0.05
  done
  echo "there is no /dev/${vdev-xvdz}"
  return 1
}

detach() {
  xl block-detach 0 "${vdev-xvdz}"
}

# After an attach that has failed: xl leaves what it has written to xenstore.
forget() {
  xl block-detach 0 "${vdev-xvdz}" >/dev/null 2>&1 || true
}

# domain NAME TEST DISK-LINE [MORE]: creates a PV domain with the disk as xvda, and /tmp/said as xvdb.
domain() {
  truncate -s 0 /tmp/said
  truncate -s 4096 /tmp/said
  cat >"/tmp/$1.cfg" <<EOF
name = "$1"
type = "pv"
memory = 192
vcpus = 1
kernel = "$KERNEL_IMAGE"
ramdisk = "/tmp/domain.initrd"
extra = "console=hvc0 quiet panic=-1 test=$2"
on_crash = "${on_crash-destroy}"
on_reboot = "${on_reboot-destroy}"
disk = [ 'format=raw,vdev=xvda,access=rw,script=${script-block-dmfd},target=$3', 'format=raw,vdev=xvdb,access=rw,script=block-dmfd,target=/tmp/said' ]
EOF
  xl create -q "/tmp/$1.cfg"
}

# said [N]: what the domain has said, or, if it says something several times, what it said after N others.
said() {
  dd if=/tmp/said bs=512 skip="${1-0}" count=1 status=none | tr -d '\0' | sed 's/ *$//'
}

# until_said [N]: waits until the domain has said it.
until_said() {
  for _ in $(seq 1800); do
    [ -z "$(said "${1-0}")" ] || return 0
    sleep 0.1
  done
  echo 'the domain says nothing'
  return 1
}

# until_ended NAME
until_ended() {
  for _ in $(seq 600); do
    xl domid "$1" >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  echo "the domain $1 does not end"
  return 1
}

pattern() {
  yes "$1" | head -c 1048576
}
