#!/bin/sh
# Downloads the newest Debian package whose name matches a pattern, without installing it.
#
#   test/vm/kernels/fetch-package.sh NAME-PATTERN DIRECTORY
#
# NAME-PATTERN is an extended regular expression for the whole name; DIRECTORY, which must not
# exist, gets the package's files.
set -eu

pattern=$1
directory=$2

main() {
  mkdir "$directory.download"
  trap 'rm -rf "$directory.download"' EXIT
  # Package lists that are missing or older than the archive are the usual reason for a failure.
  download || { update_lists && download; } || give_up
  dpkg-deb -x "$directory.download"/*.deb "$directory"
}

download() {
  package=$(newest_package)
  if [ -z "$package" ]; then
    echo "the apt sources have no package named like $pattern" >"$directory.download/log"
    return 1
  fi
  echo "downloading $package" >&2
  (cd "$directory.download" && apt-get -q download "$package") >"$directory.download/log" 2>&1
}

newest_package() {
  apt-cache pkgnames | grep -Ex "$pattern" | sort -V | tail -n 1
}

update_lists() {
  if [ "$(id -u)" != 0 ]; then
    cat "$directory.download/log" >&2
    echo "As root, \"apt-get update\" may help." >&2
    return 1
  fi
  apt-get -qq update >&2
}

give_up() {
  [ ! -e "$directory.download/log" ] || cat "$directory.download/log" >&2
  echo "could not download a package named like $pattern" >&2
  exit 1
}

main
