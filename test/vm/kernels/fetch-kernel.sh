#!/bin/sh
# Downloads the files of a Debian suite's generic kernel, without installing them.
#
#   test/vm/kernels/fetch-kernel.sh SUITE DIRECTORY
#
# DIRECTORY, which must not exist, gets the packages' files; `release`, what uname -r will say; and `version`, the version
# of the package and the suite. Everything is read from this machine's mirror and checked against Debian's keys, with
# package lists and a configuration of its own: what the machine's own apt knows stays as it is.
set -eu

here=$(dirname "$(readlink -f "$0")")
suite=$1
directory=$2
keys=/usr/share/keyrings/debian-archive-keyring.gpg
work=$directory.apt

main() {
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM HUP
  mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/download"
  write_sources >"$work/sources.list"
  own_apt apt-get -q update
  find_release
  # shellcheck disable=SC2086 # $packages is a list
  (cd "$work/download" && own_apt apt-get -q download $packages)
  mkdir "$directory"
  for package in "$work"/download/*.deb; do dpkg-deb -x "$package" "$directory"; done
  printf '%s\n' "$release" >"$directory/release"
  printf '%s\n' "$version, $suite" >"$directory/version"
}

# Runs one of apt's commands. The machine's configuration still says how to reach the network. apt cannot become its
# user _apt, who may not look into root's home.
own_apt() {
  command=$1
  shift
  "$command" -o Dir::State="$work/state" -o Dir::State::status=/dev/null -o Dir::Cache="$work/cache" \
    -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Default-Release= \
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

# linux-image-amd64 depends on the newest kernel, whose files are in one package until 6.18, and in up to four since.
find_release() {
  describe linux-image-amd64 >"$work/newest"
  release=$(sed -n 's/^Depends:.*linux-image-\([^ ,]*-amd64\).*/\1/p' "$work/newest")
  version=$(sed -n 's/^Version: //p' "$work/newest")
  [ -n "$release" ] || { echo "$suite has no linux-image-amd64 that names a kernel" >&2 && exit 1; }
  packages=
  for part in image base binary modules; do
    if describe "linux-$part-$release" >/dev/null 2>&1; then packages="$packages linux-$part-$release"; fi
  done
}

describe() {
  own_apt apt-cache --no-all-versions show "$1"
}

main
