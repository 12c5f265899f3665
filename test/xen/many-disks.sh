#!/bin/bash
# Attaches twelve files to domain 0 at once, by a hotplug script.
#
#   many-disks.sh xl SCRIPT             by twelve runs of xl; prints the milliseconds until all have ended, and how many disks
#                                       are connected then: libxl kills a script after 40 seconds
#
# or by the script, run as libxl runs it, twelve times at once. What libxl does before and after that is done here, so that its
# own time is not in the way:
#
#   many-disks.sh time SCRIPT           prints the milliseconds until all are connected, and the locks that were taken
#   many-disks.sh kill SCRIPT SECONDS   kills each at a random moment of that time; prints how many, and what is left when
#                                       the disks are gone: without "remove", and with it
set -eu
shopt -s nullglob

export XENBUS_TYPE=vbd XENBUS_BASE_PATH=backend
FIRST=51712 COUNT=12
numbers=$(seq "$FIRST" 16 $((FIRST + 16 * (COUNT - 1))))
trace=/sys/kernel/tracing

main() {
  action=$1 script=/etc/xen/scripts/$2
  for number in $numbers; do truncate -s 1M "/tmp/many-$number"; done
  "${action}_all" "${3-}"
  rm -f /tmp/many-*
}

letters=abcdefghijkl
name() { echo "xvd${letters:$((($1 - FIRST) / 16)):1}"; }

xl_all() {
  start=$(date +%s%N)
  for number in $numbers; do
    xl block-attach 0 "format=raw,vdev=$(name "$number"),access=rw,script=${script##*/},target=/tmp/many-$number" &
  done
  wait
  end=$(date +%s%N)
  until_connected 20 || true
  echo "$(((end - start) / 1000000)) ms"
  echo "${#disks[@]} connected"
  for number in $numbers; do xl block-detach 0 "$number" || true; done
}

backend() { echo "/local/domain/0/backend/vbd/0/$1"; }
frontend() { echo "/local/domain/0/device/vbd/$1"; }

# Until all backends wait for their scripts. A write of several nodes is one transaction.
announce() {
  for number in $numbers; do
    back=$(backend "$number") front=$(frontend "$number")
    xenstore-write "$front/backend" "$back" "$front/backend-id" 0 "$front/virtual-device" "$number" \
      "$front/device-type" disk "$front/state" 1 \
      "$back/frontend" "$front" "$back/frontend-id" 0 "$back/online" 1 "$back/removable" 0 "$back/bootable" 1 \
      "$back/type" phy "$back/mode" w "$back/device-type" disk "$back/dev" "$(name "$number")" \
      "$back/params" "/tmp/many-$number" "$back/state" 1
  done
  until_waiting
}

until_waiting() {
  paths=$(for number in $numbers; do echo "$(backend "$number")/state"; done)
  for _ in $(seq 600); do
    # shellcheck disable=SC2086 # $paths is a list
    [ "$(xenstore-read $paths 2>/dev/null | grep -cx 2)" != "$COUNT" ] || return 0
    sleep 0.1
  done
  echo 'not all backends wait for their scripts' >&2
  return 1
}

# until_connected LOOKS: until domain 0 has the disks, and their backends their devices.
until_connected() {
  for _ in $(seq "$1"); do
    disks=(/sys/block/xvd?)
    [ ${#disks[@]} != "$COUNT" ] || return 0
    sleep 0.05
  done
  echo "only ${disks[*]} are connected" >&2
  return 1
}

# in_background FUNCTION: runs it for each disk. $pids are those of the processes then.
in_background() {
  pids=
  for number in $numbers; do
    XENBUS_PATH=backend/vbd/0/$number "$1" &
    pids="$pids $!"
  done
}

# The process becomes the script.
add() {
  exec "$script" add >/dev/null 2>&1
}

# Once more when the script gives up on its backend, which an emulated machine may keep from it for 30 seconds. Says how often the
# script has run.
add_at_last() {
  said=/tmp/many-${XENBUS_PATH##*/}.said
  for run in 1 2 3; do
    echo "$run" >"$said.runs"
    "$script" add >/dev/null 2>"$said" && break
    grep -q 'the backend has not opened it until' "$said" || break
  done
}

# Each has been killed, or has ended.
wait_each() {
  for pid in $pids; do wait "$pid" 2>/dev/null || true; done
}

time_all() {
  announce
  mountpoint -q $trace || mount -t tracefs none $trace
  for event in flock_lock_inode posix_lock_inode; do echo 1 >"$trace/events/filelock/$event/enable"; done
  echo >$trace/trace
  start=$(date +%s%N)
  in_background add_at_last
  until_connected 3000
  end=$(date +%s%N)
  wait_each
  echo 0 >$trace/events/filelock/enable
  echo "$(((end - start) / 1000000)) ms"
  echo "locks of $(($(cat /tmp/many-*.runs | paste -sd +))) runs: $(locks | sort | uniq -c | tr -s ' \n' ' ')"
  let_go
  forget
  losetup -D
}

# What was locked, of what kind.
locks() {
  sed -n 's/^ *\(.*\)-[0-9]* .*\(flock\|posix\)_lock_inode: .*\(F_WRLCK\|F_RDLCK\).*/\1 \2/p' $trace/trace
}

kill_all() {
  announce
  in_background add
  killed=0
  # shellcheck disable=SC2086 # $pids is a list
  for pid in $(shuf -e $pids); do
    thousandths=$((RANDOM % ($1 * 2000 / COUNT)))
    sleep "$((thousandths / 1000)).$(printf %03d $((thousandths % 1000)))"
    ! kill -KILL "$pid" 2>/dev/null || killed=$((killed + 1))
  done
  wait_each
  echo "$killed killed"
  let_go
  found=$(left)
  echo "left without remove: $found"
  [ "$found" = "$NOTHING" ] || run_remove
  echo "left after remove: $(left)"
  forget
  losetup -D
}

# As libxl begins a removal; until blkback has closed the devices. One that is closing already, or has closed, ends by itself once it is
# not online: it would hear no more of another state.
let_go() {
  for number in $numbers; do
    xenstore-write "$(backend "$number")/online" 0
    case $(state "$number") in
      5 | 6) ;;
      *) xenstore-write "$(backend "$number")/state" 5 ;;
    esac
  done
  end=$((SECONDS + 120))
  while [ $SECONDS -lt $end ]; do
    backends=(/sys/bus/xen-backend/devices/*)
    [ ${#backends[@]} != 0 ] || return 0
    for device in "${backends[@]}"; do forget_if_closed "${device##*-}"; done
    sleep 0.3
  done
  echo "blkback does not let go of ${backends[*]}" >&2
  return 1
}

# One that could not open its device had closed before it was told to go, and hears no more of it; libxl forgets it.
forget_if_closed() {
  [ "$(state "$1")" != 6 ] || xenstore-rm "$(backend "$1")"
}

# Twice, for an emulated program may die of what it has not done.
state() {
  xenstore-read "$(backend "$1")/state" 2>/dev/null || xenstore-read "$(backend "$1")/state" 2>/dev/null || true
}

run_remove() {
  for number in $numbers; do XENBUS_PATH=backend/vbd/0/$number "$script" remove >/dev/null 2>&1 || true; done
}

forget() {
  for number in $numbers; do
    xenstore-rm "$(backend "$number")" 2>/dev/null || true
    xenstore-rm "$(frontend "$number")"
  done
}

NOTHING='0 loop devices, 0 mapped devices'

# What the kernel destroys on its own has a while for it, as it is emulated.
left() {
  end=$((SECONDS + 60))
  while [ $SECONDS -lt $end ]; do
    loops=(/sys/block/loop*/loop) mapped=(/sys/block/dm-*)
    found="${#loops[@]} loop devices, ${#mapped[@]} mapped devices"
    [ "$found" != "$NOTHING" ] || break
    sleep 0.05
  done
  echo "$found"
}

main "$@"
