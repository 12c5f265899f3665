#!/bin/sh
# As the command that dmfd runs with the device "killed" over /tmp/kill.img: kills `dmfd resize` at each of the points, and looks
# at the device after each. With `count` for the points, tells how many there are.
#
#   sweep.sh KILL-AT WHO POINT...
kill_at=$1
who=$2
shift 2

resize() {
  truncate -s +1M /tmp/kill.img
  timeout 60 "$kill_at" "$who" "$1" dmfd resize killed --size "$(stat -c %s /tmp/kill.img)B" 2>/dev/null
}
size() { blockdev --getsize64 "$DMFD_PATH"; }
state() { dmsetup info killed | sed -n 's/^State: *//p; s/^Tables present: *//p' | tr '\n' ' '; }

if [ "$1" = count ]; then
  resize 1000000 | grep points
  exit
fi
for point in "$@"; do
  before=$(size)
  resize "$point" | grep -q ^killed && echo killed
  # The shield may still be at work; a suspension in it is no moment of ours.
  n=0
  while [ "$who" != both ] && [ "$(state)" != 'ACTIVE (DEFERRED REMOVE) LIVE ' ] && [ $n -lt 20 ]; do
    n=$((n + 1))
    sleep 0.1
  done
  after=$(size)
  [ "$after" = "$before" ] || [ "$after" = "$(stat -c %s /tmp/kill.img)" ] ||
    echo "size: point $point: $before, now $after"
  case $(state) in
  'ACTIVE (DEFERRED REMOVE) LIVE ') ;;
  'ACTIVE (DEFERRED REMOVE) LIVE & INACTIVE ')
    [ "$who" = both ] || echo "table: point $point"
    dmsetup clear killed
    ;;
  *)
    echo "state: point $point: $(state)"
    dmsetup resume --noudevsync killed
    ;;
  esac
done
