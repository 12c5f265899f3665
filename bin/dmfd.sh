#!/bin/sh
# The command of the npm package, which has the launchers of several architectures: becomes that of this machine.
place=$(readlink -f -- "$0")
launcher=${place%/bin/*}/prebuilt/$(uname -m)/dmfd
[ -x "$launcher" ] && exec "$launcher" "$@"
echo "dmfd: this package has no launcher for this machine: $launcher
  hint: build it from its source, with a C compiler: make install" >&2
exit 125
