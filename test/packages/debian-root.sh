#!/bin/sh
# Makes a minimal Debian, debootstrap's smallest variant, in a new folder, with its security updates and the Node that dmfd needs.
# Needs root and debootstrap.
#
#   test/packages/debian-root.sh bookworm|trixie FOLDER [PACKAGE...]     other packages that it is to have
set -eu

here=$(dirname "$(readlink -f "$0")")
PATH=$PATH:/usr/sbin:/sbin
suite=$1 root=$2

# What debootstrap mounts is seen nowhere else, and what is started ends with this.
if [ $$ -ne 1 ]; then exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@"; fi
shift 2

main() {
  mkdir -p "$root"
  # Others than root live in it, too.
  chmod 755 "$root"
  debootstrap --variant=minbase "$suite" "$root" "$("$here/../vm/kernels/mirror.sh")"
  security=$("$here/../vm/kernels/mirror.sh" -security)
  echo "deb $security $suite-security main" >>"$root/etc/apt/sources.list"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  # Nobody needs it after a crash of this machine.
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
  # This machine's may be more than Debian's own.
  cp /etc/ssl/certs/ca-certificates.crt "$root/certificates.crt"
  printf 'APT::Get::Assume-Yes "true";\n' >"$root/etc/apt/apt.conf.d/99yes"
  inside apt-get -q update
  case $suite in
    # Its own Node is 18.
    bookworm) node_from_npm && install_packages "$@" ;;
    *) install_packages nodejs "$@" ;;
  esac
}

# As a package, in the place of the one that Node's vendor has for it.
node_from_npm() {
  node=$root/nodejs
  mkdir -p "$node/DEBIAN" "$node/usr/bin"
  cp "$("$here/../vm/nodes/fetch-node.sh" 20)/node" "$node/usr/bin/node"
  printf '%s\n' 'Package: nodejs' 'Version: 20.0.0' 'Architecture: amd64' 'Maintainer: nobody <nobody@localhost>' \
    'Description: Node of the npm registry' >"$node/DEBIAN/control"
  # It is installed at once: to compress it would take longer.
  dpkg-deb -Znone --build "$node" "$root/nodejs.deb"
  install_packages libstdc++6
  inside dpkg --install /nodejs.deb
}

install_packages() {
  [ $# -eq 0 ] || inside apt-get -q --no-install-recommends install "$@"
}

inside() {
  "$here/in-root.sh" "$root" "$@"
}

main "$@"
