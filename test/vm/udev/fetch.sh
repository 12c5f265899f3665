#!/bin/sh
# Prints a directory with the files of Debian's udev package, from the cache; downloads it when it is
# not there. The host itself gets no udev.
set -eu

here=$(dirname "$(readlink -f "$0")")
cache=${DMFD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dmfd}
# The daemon runs against this machine's libraries, so it has to be of the same release.
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
udev=$cache/udev/${codename:-debian}

if [ ! -d "$udev" ]; then
  mkdir -p "$cache/udev"
  exec 9>"$udev.lock"
  flock 9
  if [ ! -d "$udev" ]; then
    work=$(mktemp -d "$udev.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' INT TERM HUP
    "$here/fetch-package.sh" udev "$work/udev"
    # Eight megabytes about keyboards and mice.
    rm -rf "$work"/udev/*/udev/hwdb.d "$work"/udev/usr/*/udev/hwdb.d
    chmod -R a+rX "$work/udev"
    mv -T "$work/udev" "$udev"
  fi
fi
printf '%s\n' "$udev"
