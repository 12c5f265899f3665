#!/bin/sh
# To be sourced: where kernels, packages and programs are kept, and how one of them is made, once.
# shellcheck disable=SC2034 # for who sources it
cache=${DMFD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dmfd}

# cached FOLDER MAKE: FOLDER is there afterwards. A function makes it where it is not, by itself, in $work/made; what else it leaves
# in $work goes with this process. FOLDER appears by one rename when it is complete, so one that exists is used as it is.
cached() {
  [ ! -d "$1" ] || return 0
  hidden=${1%/*}/.${1##*/}
  mkdir -p "${1%/*}"
  exec 9>"$hidden.lock"
  flock 9
  # Whoever had the lock has made it.
  [ ! -d "$1" ] || return 0
  work=$(mktemp -d "$hidden.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM HUP
  "$2"
  mv -T "$work/made" "$1"
}
