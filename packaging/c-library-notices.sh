#!/bin/sh
# Prints what has to be said of the C library that the launchers of the packages contain: packaging/c-library-notices.sh MACHINE...
# Of machines, as uname -m names them, for which Debian's compilers and libraries are installed.
set -eu

main() {
  cat <<END
The launchers, MACHINE/dmfd, are linked with the GNU C Library, which is under the GNU Lesser General Public License, version 2.1 or
later, and with libgcc, which is under the GNU General Public License, version 3 or later, with the GCC Runtime Library Exception.
They contain it as these packages of Debian have it, whose source is at https://snapshot.debian.org:

END
  for machine in "$@"; do echo "  $machine: $(package_of "$machine")"; done
  cat <<END

Who wants to link the launcher with another C library builds it from the source of dmfd: make install does that.
Below are the notices of Debian's package, and the licence.
END
  section /usr/share/doc/libc6-dev/copyright
  section /usr/share/common-licenses/LGPL-2.1
}

package_of() {
  archive=$(readlink -f "$("$1-linux-gnu-gcc" -print-file-name=libc.a)")
  package=$(dpkg -S "$archive" | sed 's/: .*//')
  # shellcheck disable=SC2016 # dpkg-query's variables
  dpkg-query -W -f '${Package} ${Version}' "$package"
}

section() {
  printf '\n%080d\n\n' 0 | tr 0 -
  cat "$1"
}

main "$@"
