#!/bin/sh
# Makes a Debian package of what `make prebuilt` made: packaging/debian.sh ARCHITECTURE FOLDER
# Of Debian's architectures, amd64 and arm64. Everything from npm is inside. The same input gives the same bytes.
set -eu
umask 022

architecture=$1 folder=$2
here=$(cd "$(dirname "$0")/.." && pwd)
version=$(node -p "require('$here/package.json').version")
# Of a pre-release, dpkg is told that it comes before the release.
debian_version=$(printf %s "$version" | sed 's/-/~/')-1
if [ -e "$here/.git" ]; then
  # Whoever owns the clone.
  of_source=$(git -c safe.directory="$here" -C "$here" log -1 --format=%ct)
else
  # An archive of the source has no history; every release changes this file.
  of_source=$(stat -c %Y "$here/CHANGELOG.md")
fi
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$of_source}
# Several threads compress in blocks.
export SOURCE_DATE_EPOCH DPKG_DEB_THREADS_MAX=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

case $architecture in
  amd64) machine=x86_64 node=x64 ;;
  arm64) machine=aarch64 node=arm64 ;;
  *) echo "packaging/debian.sh: there are no binaries for $architecture" >&2 && exit 1 ;;
esac

main() {
  "$here/packaging/ffi-rs.sh" "$node-gnu" "$work/node_modules"
  # As Depends: in the control file says.
  "$here/packaging/check-glibc.sh" "$work"/node_modules/@yuuang/*/*.node
  "$here/packaging/install.sh" "$root" /usr "$here/prebuilt/$machine" "$work/node_modules"
  # Debian's zsh looks for those of packages there.
  mv "$root/usr/share/zsh/site-functions" "$root/usr/share/zsh/vendor-completions"
  documents
  control
  (cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
  find "$root" -type d -exec chmod 755 {} +
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  mkdir -p "$folder"
  dpkg-deb --root-owner-group -Zxz --build "$root" "$folder/dmfd_${debian_version}_$architecture.deb" >/dev/null
}

documents() {
  place=$root/usr/share/doc/dmfd
  mkdir -p "$place"
  (cd "$here" && find README.md SECURITY.md docs -type f -print0 | xargs -0 cp --parents -t "$place")
  gzip -9n <"$here/CHANGELOG.md" >"$place/changelog.gz"
  debian_changelog | gzip -9n >"$place/changelog.Debian.gz"
  copyright >"$place/copyright"
  install -D -m 644 "$here/packaging/debian/lintian-overrides" "$root/usr/share/lintian/overrides/dmfd"
  find "$place" -type f -exec chmod 644 {} +
  gzip -9n "$root"/usr/share/man/man*/*
}

# With those who have written what is bundled.
copyright() {
  sed -n 's/^Copyright (c) / /p' "$here/dist/command/THIRD-PARTY-NOTICES" | LC_ALL=C sort -u |
    sed -e '/@HOLDERS@/{r /dev/stdin' -e 'd}' "$here/packaging/debian/copyright"
}

debian_changelog() {
  printf 'dmfd (%s) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- %s  %s\n' "$debian_version" \
    "$(sed -n 's/^Maintainer: //p' "$here/packaging/debian/control")" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
}

control() {
  mkdir -p "$root/DEBIAN"
  # As dpkg-gencontrol counts, on any file system.
  size=$(find "$root" -path "$root/DEBIAN" -prune -o -printf '%y %s\n' |
    awk '{ kib += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print kib }')
  sed "s/@VERSION@/$debian_version/; s/@ARCHITECTURE@/$architecture/; s/@SIZE@/$size/" "$here/packaging/debian/control" \
    >"$root/DEBIAN/control"
  for script in postinst prerm postrm; do install -m 755 "$here/packaging/debian/$script" "$root/DEBIAN/"; done
  install -m 644 "$here/packaging/debian/triggers" "$root/DEBIAN/"
}

main
