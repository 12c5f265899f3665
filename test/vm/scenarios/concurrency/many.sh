#!/bin/sh
# COUNT times `dmfd create` at once, each with a command that writes its number to its device and then waits for the
# others: how many devices there are then, how many commands ended how, how many names, UUIDs, numbers and disk sequence
# numbers they had, all that dmfd said, and whose image has not its number in it.
#
#   many.sh COUNT
set -eu

count=$1

main() {
  mkdir -p /tmp/many
  cd /tmp/many
  rm -f ./*
  mkfifo go
  # Open all the while, for those who come late to it.
  exec 9<>go
  for i in $(seq "$count"); do
    truncate -s 1M "$i.img"
    one "$i" &
  done
  wait_for_all
  find /sys/block -name 'dm-*' | wc -l
  # An empty line for each.
  head -c "$count" /dev/zero | tr '\0' '\n' >&9
  wait

  sort ./*.status | uniq -c | tr -s ' '
  for column in 1 2 3 4; do cut -d' ' -f "$column" ./*.out | sort -u | wc -l; done
  cat ./*.err
  for i in $(seq "$count"); do check "$i"; done
}

one() {
  status=0
  # shellcheck disable=SC2016 # the command's own variables
  dmfd create --loop "$1.img" --table '0 2048 linear {loop0} 0' -- sh -c '
    printf "image-$0" >&3; sync {path}
    echo "$DMFD_NAME $DMFD_UUID $DMFD_DEV $DMFD_DISKSEQ" >"$0.out"
    read -r never <go' "$1" 2>"$1.err" || status=$?
  echo "$status" >"$1.status"
}

wait_for_all() {
  n=0
  set -- ./*.out
  while [ $# -lt "$count" ] && [ "$n" -lt 240 ]; do
    n=$((n + 1))
    sleep 0.5
    set -- ./*.out
  done
}

check() {
  [ "$(head -c 8 "$1.img" | tr -d '\0')" = "$(printf 'image-%s' "$1" | head -c 8)" ] || echo "wrong $1"
}

main
