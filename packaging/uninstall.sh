#!/bin/sh
# Removes what install.sh has put there, and nothing else: packaging/uninstall.sh ROOT PREFIX
set -eu

prefix=${2%/}
place=$1$prefix
rm -rf "$place/lib/dmfd"
rm -f "$place/sbin/dmfd" "$place/sbin/dmfd-swap-stop" "$place/lib/systemd/system/dmfd-swap@.service" \
  "$place/lib/systemd/system/dmfd.socket" "$place/lib/systemd/system/dmfd-launcher.socket" "$place/lib/systemd/system/dmfd.service" \
  "$place"/share/man/man8/dmfd.8* "$place"/share/man/man8/dmfd-*.8* "$place/share/bash-completion/completions/dmfd" \
  "$place"/share/zsh/*/_dmfd "$place/share/fish/vendor_completions.d/dmfd.fish"

# That of another dmfd, below another PREFIX, stays.
if [ "$(readlink "$1/etc/xen/scripts/block-dmfd")" = "$prefix/sbin/dmfd" ]; then
  rm -f "$1/etc/xen/scripts/block-dmfd"
  rmdir "$1/etc/xen/scripts" "$1/etc/xen" 2>/dev/null || true
fi
