#!/bin/bash
# Shell functions for a guest without Xen, where xenstored runs and blkback does not. $XEN has the unpacked packages; $domain, if it
# is set, is the domain that gets disks, instead of 3.

xs() {
  command=$1
  shift
  LD_LIBRARY_PATH=$XEN/usr/lib/x86_64-linux-gnu "$XEN/usr/bin/xenstore-$command" "$@"
}

# disk NUMBER PARAMS [MODE]: what libxl writes before it runs the script, and, as some blkbacks do, "opened".
disk() {
  xs write "$(path "$1")/params" "$2" "$(path "$1")/mode" "${3-w}" "$(path "$1")/frontend-id" "${domain-3}" \
    "$(path "$1")/state" 2 "$(path "$1")/opened" 0
}

path() {
  echo "/local/domain/0/backend/vbd/${domain-3}/$1"
}

# hotplug SCRIPT ACTION NUMBER
hotplug() {
  ln -sfn "$LAUNCHER" "/tmp/$1"
  XENBUS_PATH=backend/vbd/${domain-3}/$3 "/tmp/$1" "$2"
}

# backend NUMBER: opens the device that xenstore names, as a blkback that tells of it, and holds it until it is killed.
backend() {
  until number=$(xs read "$(path "$1")/physical-device" 2>/dev/null); do sleep 0.3; done
  node=/tmp/backend-${domain+$domain-}$1
  rm -f "$node"
  mknod "$node" b $((0x${number%:*})) $((0x${number#*:}))
  case $(xs read "$(path "$1")/mode") in
    *w*) exec 7<>"$node" ;;
    *) exec 7<"$node" ;;
  esac
  xs write "$(path "$1")/opened" 1
  exec sleep 1000
}

# attach SCRIPT NUMBER: ends when the script has, as it has; $held is the process that has the device then.
attach() {
  backend "$2" &
  held=$!
  status=0
  hotplug "$1" add "$2" || status=$?
  return $status
}

# detach SCRIPT NUMBER: the backend closes the device, then the script is run, then the toolstack forgets the disk.
detach() {
  kill "$held"
  wait "$held" || true
  hotplug "$1" remove "$2"
  xs rm "$(path "$2")"
}

# killed_at KILL_AT WHO POINT PARAMS: kills `add` at that point of it (see kill-at). Prints whether it was, and what the
# backend has then; lets go of that, as when a domain ends, and does not run "remove".
killed_at() {
  disk 1 "$4"
  backend 1 2>/dev/null &
  held=$!
  ln -sfn "$LAUNCHER" /tmp/block-dmfd
  XENBUS_PATH=backend/vbd/3/1 timeout 60 "$1" "$2" "$3" /tmp/block-dmfd add 2>/dev/null | sed -n 's/^\(killed\|points\).*/\1/p'
  # It cannot open what is gone, and ends.
  if xs read "$(path 1)/physical-device" >/dev/null 2>&1; then
    until [ "$(xs read "$(path 1)/opened")" = 1 ] || ! kill -0 $held 2>/dev/null; do sleep 0.3; done
  fi
  if [ "$(xs read "$(path 1)/opened")" = 1 ]; then
    echo "disk: $(dd if=/tmp/backend-1 bs=512 count=1 status=none | head -c 4)"
  else
    echo nothing
  fi
  kill $held 2>/dev/null
  wait $held
  xs rm "$(path 1)"
  rm -f /tmp/backend-1
}
