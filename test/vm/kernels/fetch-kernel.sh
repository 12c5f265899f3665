#!/bin/sh
# Downloads the files of a Debian suite's generic kernel, without installing them.
#
#   test/vm/kernels/fetch-kernel.sh SUITE DIRECTORY [ARCHITECTURE]
#
# DIRECTORY, which must not exist, gets the packages' files; `release`, what uname -r will say; and `version`, the version
# of the package and the suite. ARCHITECTURE is amd64 (the default) or arm64.
set -eu

here=$(dirname "$(readlink -f "$0")")
suite=$1
directory=$2
architecture=${3:-amd64}
work=$directory.apt

main() {
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM HUP
  mkdir -p "$work/download"
  find_release
  # shellcheck disable=SC2086 # $packages is a list
  (cd "$work/download" && own_apt apt-get -q download $packages)
  mkdir "$directory"
  for package in "$work"/download/*.deb; do dpkg-deb -x "$package" "$directory"; done
  printf '%s\n' "$release" >"$directory/release"
  printf '%s\n' "$version, $suite" >"$directory/version"
}

own_apt() {
  "$here/own-apt.sh" "$work/apt" "$suite" "$architecture" "$@"
}

# linux-image-ARCHITECTURE depends on the newest kernel, whose files are in one package until 6.18, and in up to four since.
find_release() {
  describe "linux-image-$architecture" >"$work/newest"
  release=$(sed -n 's/^Depends:.*linux-image-\([^ ,]*-'"$architecture"'\).*/\1/p' "$work/newest")
  version=$(sed -n 's/^Version: //p' "$work/newest")
  [ -n "$release" ] || { echo "$suite has no linux-image-$architecture that names a kernel" >&2 && exit 1; }
  packages=
  for part in image base binary modules; do
    if describe "linux-$part-$release" >/dev/null 2>&1; then packages="$packages linux-$part-$release"; fi
  done
}

describe() {
  own_apt apt-cache --no-all-versions show "$1"
}

main
