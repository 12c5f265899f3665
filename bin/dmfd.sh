#!/bin/sh
# The command of the npm package, which has the launchers of several architectures: becomes that of this machine.
# An empty element of the caller's PATH would have root execute what lies in the current directory.
own_path=/usr/bin:/bin:/run/current-system/sw/bin
place=$(PATH=$own_path && readlink -f -- "$0")
launcher=${place%/bin/*}/prebuilt/$(PATH=$own_path && uname -m)/dmfd
# A link of this name is one of Xen's hotplug scripts; the launcher would see its own name.
case ${0##*/} in
  block-dmfd) set -- xen-hotplug "$@" ;;
  block-snapshot) set -- xen-hotplug --block-snapshot "$@" ;;
esac
[ -x "$launcher" ] && exec "$launcher" "$@"
echo "dmfd: this package has no launcher for this machine: $launcher
  hint: build it from its source, with a C compiler: make install" >&2
exit 125
