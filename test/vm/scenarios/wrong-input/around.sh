#!/bin/sh
# Runs a line, then prints, after a record separator, what of the machine is not as it was before, two seconds later.
#
#   around.sh LINE

# shellcheck source-path=SCRIPTDIR source=../leftovers.sh
. "${0%/*}/../leftovers.sh"

# A device without a table is not in /sys, hence dmsetup. `ran` is what the command leaves that must not run.
state() {
  dmsetup info -c --noheadings -o name,uuid,minor,open
  for file in /sys/block/dm-*/dm/name /sys/block/loop*/loop/backing_file; do
    [ -e "$file" ] && read -r value <"$file" && echo "$file: $value"
  done
  private_nodes
  [ ! -e ran ] || echo 'the command ran'
}

before=$(state)
sh -c "$1"
code=$?
deadline=20
while
  after=$(state)
  [ "$before" != "$after" ] && [ $deadline -gt 0 ]
do
  deadline=$((deadline - 1))
  sleep 0.1
done
rm -f ran
printf '\036'
if [ "$before" != "$after" ]; then printf 'before:\n%s\nafter:\n%s\n' "$before" "$after"; fi
exit $code
