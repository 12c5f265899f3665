#!/bin/sh
# How often the kernel's trace events happen while a line of shell runs, one number a line. Events are named as below
# /sys/kernel/tracing/events; UNDO is not counted.
#
#   count-events.sh LINE UNDO EVENT...
set -eu

line=$1
undo=$2
shift 2

cd /sys/kernel/tracing/events
for event; do echo hist:keys=common_pid:pause >"$event/trigger"; done
for event; do echo hist:keys=common_pid:continue >>"$event/trigger"; done
eval "$line" >/dev/null 2>&1 || true
for event; do echo hist:keys=common_pid:pause >>"$event/trigger"; done
eval "$undo" || true
for event; do
  awk '/Hits:/ { print $2 }' "$event/hist"
  echo '!hist:keys=common_pid' >>"$event/trigger"
done
sleep 0.3
