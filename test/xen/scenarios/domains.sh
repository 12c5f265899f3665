#!/bin/sh
# Shell functions for domain 0: its own disks, and other domains with theirs.

# Makes its nodes itself: there is no udev here.
dmsetup() {
  DM_DISABLE_UDEV=1 command dmsetup "$@"
}

# disk DEVICE DISK [SCRIPT]: the line of a disk that is a target for the script, or the whole line, or what it has from script= on.
disk() {
  case $2 in
    format=*) echo "$2" ;;
    script=*) echo "format=raw,vdev=$1,access=rw,$2" ;;
    *) echo "format=raw,vdev=$1,access=rw,script=${3-block-dmfd},target=$2" ;;
  esac
}

# attach DISK: to domain 0 itself, as /dev/xvdz; returns when it is there.
attach() {
  xl block-attach 0 "$(disk "${vdev-xvdz}" "$1" "${script-block-dmfd}")" || return
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

# domain NAME TEST DISK...: creates a PV domain with these disks as xvda, xvdc, …, and /tmp/said as xvdb.
domain() {
  name=$1 test=$2
  shift 2
  disks='' letters=''
  for letter in a c d e f; do
    [ $# != 0 ] || break
    disks="$disks'$(disk "xvd$letter" "$1")', "
    letters=$letters$letter
    shift
  done
  truncate -s 0 /tmp/said
  truncate -s 4096 /tmp/said
  cat >"/tmp/$name.cfg" <<EOF
name = "$name"
type = "pv"
memory = 192
vcpus = 1
kernel = "$KERNEL_IMAGE"
ramdisk = "/tmp/domain.initrd"
extra = "console=hvc0 quiet panic=-1 test=$test disks=$letters"
on_crash = "destroy"
on_reboot = "${on_reboot-destroy}"
disk = [ $disks'$(disk xvdb /tmp/said)' ]
EOF
  xl create -q "/tmp/$name.cfg"
}

# said [N]: what the domain has said, or, if it says something several times, what it said after N others.
said() {
  dd if=/tmp/said bs=512 skip="${1-0}" count=1 status=none | tr -d '\0' | sed 's/ *$//'
}

# Both ask seldom: each program that an emulated domain 0 runs may be the one that dies of what it has not done.

# until_said [N]: waits until the domain has said it, or xl, which watches over it and starts it again, has ended; 150 s at most.
until_said() {
  read -r uptime _ </proc/uptime
  limit=$((${uptime%.*} + 150))
  while read -r uptime _ </proc/uptime && [ "${uptime%.*}" -lt $limit ]; do
    # First: what it says last, it says before that.
    is_left=true
    says_no pgrep -f "[x]l create -q /tmp/$name.cfg" && is_left=false
    for _ in 1 2 3 4; do
      [ -z "$(said "${1-0}")" ] || return 0
      sleep 0.5
    done
    $is_left || break
  done
  echo 'the domain says nothing'
  tail -n 20 "/var/log/xen/xl-$name.log" "/var/log/xen/console/guest-$name.log" || true
  xenstore-ls -f /local/domain/0/backend/vbd | grep '/hotplug-error = ' || true
  return 1
} >&2

# until_ended NAME
until_ended() {
  for _ in $(seq 120); do
    if says_no xl domid "$1"; then return 0; fi
    sleep 0.5
  done
  echo "the domain $1 does not end"
  return 1
}

# says_no COMMAND…: it ends with 1, and does not die.
says_no() {
  status=0
  "$@" >/dev/null 2>&1 || status=$?
  [ $status = 1 ]
}

# until_so COMMAND…: waits until it succeeds, for a minute at least.
until_so() {
  for _ in $(seq 600); do
    ! "$@" || return 0
    sleep 0.1
  done
  return 1
}

# Whether nothing has a loop device but what domains say.
only_said_is_left() {
  for file in /sys/block/loop*/loop/backing_file; do
    [ ! -e "$file" ] || { read -r backing <"$file" && [ "$backing" = /tmp/said ]; } || return 1
  done
} 2>/dev/null

no_mapped_device_is_left() {
  for device in /sys/block/dm-*; do [ ! -e "$device" ] || return 1; done
}

# What a row that has failed may have left.
clean_up() {
  if xl destroy guest; then until_ended guest; fi
  forget
  dmsetup remove named
  losetup -D
} 2>/dev/null

# files DIRECTORY: what a disk line may name.
files() {
  rm -rf "$1"
  mkdir "$1"
  truncate -s 8M "$1/cow" "$1/cow2"
  pattern base >"$1/base"
  pattern plain >"$1/plain"
}

# with TEXT DIRECTORY: which of these files have the text, and whether the base is as it was.
with() {
  echo "$1:" "$(cd "$2" && grep -l "$1" plain base cow cow2 | paste -sd ' ')" "$(pattern base | cmp - "$2/base" && echo 'base intact')"
}

pattern() {
  yes "$1" | head -c 1048576
}
