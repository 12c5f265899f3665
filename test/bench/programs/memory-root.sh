#!/bin/sh
# Makes a root directory in memory, so that nothing that is measured waits for the host's file system:
#
#   memory-root.sh ROOT FILE...
#
# FILE is a program, which is copied with the libraries that it needs, or a file or folder; all at the same paths. ROOT gets the
# machine's /dev, /proc, /sys and /run.
set -eu

root=$1
shift

mkdir -p "$root"
mount -t tmpfs -o size=75%,mode=755 bench "$root"
mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp" "$root/root" "$root/var/tmp"
# As on the host, where folders may be links.
for folder in bin sbin lib lib64; do
  [ ! -L "/$folder" ] || ln -s "$(readlink "/$folder")" "$root/$folder"
done
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64"

copy() {
  mkdir -p "$root$(dirname "$1")"
  # Times as they are: what is kept of compiling dmfd is for files of that very time.
  [ -e "$root$1" ] || cp -aL "$1" "$root$1"
}

for file; do
  copy "$file"
  find -L "$file" -type f \( -perm /111 -o -name '*.so' -o -name '*.node' \) -exec ldd {} + 2>/dev/null |
    sed -n 's/.*[[:blank:]]\(\/[^ ]*\) (0x.*/\1/p' | sort -u >"$root/tmp/libraries"
  while read -r library; do copy "$library"; done <"$root/tmp/libraries"
done
for file in /etc/ld.so.cache /etc/passwd /etc/nsswitch.conf /etc/ssl/openssl.cnf /usr/lib/ssl/openssl.cnf; do
  [ ! -e "$file" ] || copy "$file"
done
for folder in dev proc sys run; do mount --rbind "/$folder" "$root/$folder"; done
