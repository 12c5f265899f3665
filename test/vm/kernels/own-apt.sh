#!/bin/sh
# Runs one of apt's commands with package lists and a configuration of its own: what the machine's own apt knows stays as it
# is. Packages come from the mirror of this machine, and are checked against Debian's keys.
#
#   test/vm/kernels/own-apt.sh FOLDER SUITE ARCHITECTURE COMMAND [ARGUMENT...]
#
# FOLDER keeps the lists; they are read when it is not there yet.
set -eu

here=$(dirname "$(readlink -f "$0")")
folder=$1 suite=$2 architecture=$3
shift 3
keys=/usr/share/keyrings/debian-archive-keyring.gpg

main() {
  if [ ! -d "$folder" ]; then
    mkdir -p "$folder/state/lists/partial" "$folder/cache/archives/partial"
    write_sources >"$folder/sources.list"
    apt apt-get -q update >&2
  fi
  apt "$@"
}

# The machine's configuration still says how to reach the network. apt cannot become its user _apt, who may not look into
# root's home.
apt() {
  command=$1
  shift
  "$command" -o Dir::State="$folder/state" -o Dir::State::status=/dev/null -o Dir::Cache="$folder/cache" \
    -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o APT::Default-Release= \
    -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

write_sources() {
  from '' "$suite"
  case $suite in
    sid | *-backports) ;;
    *) from '' "$suite-updates" && from -security "$suite-security" ;;
  esac
}

from() {
  echo "deb [signed-by=$keys] $("$here/mirror.sh" "$1") $2 main"
}

main "$@"
