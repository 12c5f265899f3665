#!/bin/sh
# Installs this checkout in the guest as `make install` does, with a launcher that waits longer for the service: in emulation, that
# takes longer to answer than a launcher waits on a real machine.
set -eu

checkout=$(readlink -f "$(dirname "$0")/../../..")
binaries=$(mktemp -d)
cp "$checkout/native-shims/build/libdmfd.so" "$checkout/build/patient/dmfd" "$binaries"
"$checkout/packaging/install.sh" '' /usr/local "$binaries" "$checkout/node_modules"
rm -r "$binaries"
