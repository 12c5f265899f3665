#!/bin/sh
# Downloads one of this machine's Debian packages, without installing it.
#
#   test/vm/udev/fetch-package.sh PACKAGE DIRECTORY
#
# DIRECTORY, which must not exist, gets the package's files.
set -eu

here=$(dirname "$(readlink -f "$0")")
package=$1
directory=$2

main() {
  mkdir "$directory.download"
  trap 'rm -rf "$directory.download"' EXIT
  # Package lists that are missing or older than the archive are the usual reason for a failure.
  download || { update_lists && download; } || give_up
  dpkg-deb -x "$directory.download"/*.deb "$directory"
}

download() {
  echo "downloading $package" >&2
  (cd "$directory.download" && apt-get -q download "$package") >"$directory.download/log" 2>&1
}

update_lists() {
  if [ "$(id -u)" != 0 ]; then
    cat "$directory.download/log" >&2
    echo "As root, \"apt-get update\" may help." >&2
    return 1
  fi
  "$here/../../apt-get.sh" -qq update
}

give_up() {
  cat "$directory.download/log" >&2
  echo "could not download the package $package" >&2
  exit 1
}

main
