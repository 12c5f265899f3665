#!/bin/sh
# Prints a directory with the files of Debian's udev package, from the cache; downloads it when it is
# not there. The host itself gets no udev.
set -eu

here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../cached.sh
. "$here/../cached.sh"
# The daemon runs against this machine's libraries, so it has to be of the same release.
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
udev=$cache/udev/${codename:-debian}

download() {
  "$here/fetch-package.sh" udev "$work/made"
  # Eight megabytes about keyboards and mice.
  rm -rf "$work"/made/*/udev/hwdb.d "$work"/made/usr/*/udev/hwdb.d
  chmod -R a+rX "$work/made"
}

cached "$udev" download
printf '%s\n' "$udev"
