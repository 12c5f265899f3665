#!/bin/sh
# Prints where this machine's apt gets its own Debian suite from, or that suite's security updates; the usual address when it
# does not say.
#
#   test/vm/kernels/mirror.sh [-security]
set -eu

part=${1:-}
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
# shellcheck disable=SC2016 # apt fills in the names
uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 2>/dev/null |
  awk -v "suite=${codename:-none}$part" '$1 == suite { print $2; exit }')
printf '%s\n' "${uri:-http://deb.debian.org/debian$part}"
