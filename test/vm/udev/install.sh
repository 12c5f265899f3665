#!/bin/sh
# In the guest: puts Debian's udev where it belongs.
#
#   test/vm/udev/install.sh DIRECTORY-WITH-UDEV
set -eu

udev=$1

# A root whose /bin, /lib and /sbin are links into /usr wants the package's files there.
for part in bin sbin lib; do
  if [ -d "$udev/$part" ]; then cp -a "$udev/$part/." "/usr/$part/"; fi
done
cp -a "$udev/usr/." /usr/
cp -a "$udev/etc/udev" /etc/
