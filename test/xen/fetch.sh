#!/bin/sh
# Prints a directory with the files of Debian's Xen packages (hypervisor, toolstack, xenstored), from the cache; downloads
# them when they are not there. The host itself gets none of it.
set -eu

here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../vm/cached.sh
. "$here/../vm/cached.sh"
# They run against this machine's libraries, so they have to be of the same release.
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
xen=$cache/xen/${codename:-debian}

libraries='libxencall1 libxendevicemodel1 libxenevtchn1 libxenforeignmemory1 libxengnttab1 libxenhypfs1 libxenstore4
  libxentoolcore1 libxentoollog1 libyajl2'

main() {
  cached "$xen" download
  printf '%s\n' "$xen"
}

download() {
  version=$(find_version)
  if [ -z "$version" ] && [ "$(id -u)" = 0 ]; then "$here/../apt-get.sh" -qq update && version=$(find_version); fi
  [ -n "$version" ] || { echo "this machine's apt knows no xen-system-amd64; \"apt-get update\" may help" >&2 && exit 1; }
  mkdir "$work/made"
  # shellcheck disable=SC2086 # $libraries is a list
  for package in "xen-hypervisor-$version-amd64" "xen-utils-$version" xen-utils-common xenstore-utils \
    "libxenmisc$version" $libraries; do
    "$here/../vm/udev/fetch-package.sh" "$package" "$work/$package"
    cp -a "$work/$package/." "$work/made"
  done
  # QEMU starts a hypervisor that is not compressed.
  gzip -dc "$work"/made/boot/xen-*-amd64.gz >"$work/made/boot/xen"
  chmod -R a+rX "$work/made"
}

# 4.17: what the metapackage names.
find_version() {
  apt-cache --no-all-versions show xen-system-amd64 2>/dev/null | sed -n 's/^Depends:.*xen-utils-\([0-9.]*\).*/\1/p'
}

main
