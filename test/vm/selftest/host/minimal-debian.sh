#!/bin/sh
# Tries dmfd on a minimal Debian: debootstrap's smallest variant. First the package, with Node 20 and nothing else; then make
# targets of a clone of this checkout, with make, npm and git, too. Prints what they print. Needs root and debootstrap, and what `make package`
# makes; leaves nothing.
#
#   test/vm/selftest/host/minimal-debian.sh bookworm|trixie TARGET...
set -eu

suite=$1
checkout=$(readlink -f "$(dirname "$0")/../../../..")
PATH=$PATH:/usr/sbin:/sbin

# In namespaces of its own: what is mounted here is seen nowhere else, and what is started ends with this.
if [ $$ -ne 1 ]; then exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@"; fi
shift

main() {
  root=$(mktemp -d "${TMPDIR:-/tmp}/dmfd-$suite.XXXXXX")
  # Others than root live in it, too.
  chmod 755 "$root"
  log=$root.log
  trap remove_root EXIT
  trap 'exit 1' INT TERM HUP
  logged install
  try_package
  logged install_build_tools
  git clone --quiet --no-hardlinks "$checkout" "$root/checkout"
  inside make --no-print-directory -C /checkout "$@"
}

# Runs a step. What it prints is printed when it fails, which ends all.
logged() {
  "$@" >"$log" 2>&1
  : >"$log"
}

install() {
  debootstrap --variant=minbase "$suite" "$root" "$("$checkout/test/vm/kernels/mirror.sh")"
  security=$("$checkout/test/vm/kernels/mirror.sh" -security)
  echo "deb $security $suite-security main" >>"$root/etc/apt/sources.list"
  mount -t proc proc "$root/proc"
  mount --rbind --make-rslave /dev "$root/dev"
  mount --rbind --make-rslave /sys "$root/sys"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  # This machine's may be more than Debian's own.
  cp /etc/ssl/certs/ca-certificates.crt "$root/certificates.crt"
  inside apt-get -q update
  case $suite in
    # Its own Node is 18.
    bookworm) node_from_npm ;;
    *) install_packages nodejs ;;
  esac
}

# An older version, which has a file that this one has not, gives way to this one, which leaves nothing behind.
try_package() {
  mkdir "$root/packages"
  cp "$checkout"/build/packages/dmfd_*_amd64.deb "$root/packages/new.deb"
  logged make_older
  all_files >"$root.before"
  logged inside dpkg --install /packages/old.deb
  echo "installed: dmfd $(inside dmfd --version)"
  logged inside dpkg --install /packages/new.deb
  echo "upgraded: dmfd $(inside dmfd --version)"
  [ ! -e "$root/usr/lib/dmfd/former" ] || echo "a file of the older version is left"
  inside dpkg --verify dmfd
  inside dmfd create --zero 1M --dry-run
  logged inside dpkg --purge dmfd
  all_files | diff "$root.before" - && echo "purged: nothing is left"
}

make_older() {
  dpkg-deb --raw-extract "$root/packages/new.deb" "$root/packages/old"
  sed -i 's/^Version: .*/Version: 0.0.1-1/' "$root/packages/old/DEBIAN/control"
  sed -i 's/"version": ".*"/"version": "0.0.1"/' "$root/packages/old/usr/lib/dmfd/package.json"
  touch "$root/packages/old/usr/lib/dmfd/former"
  dpkg-deb --build "$root/packages/old" "$root/packages/old.deb"
}

all_files() {
  find "$root/etc" "$root/usr" "$root/var" -path "$root/var/log" -prune -o -path "$root/var/lib/dpkg" -prune -o -print | sort
}

install_build_tools() {
  case $suite in
    bookworm) install_packages make git && npm_from_npm ;;
    *) install_packages make git npm ;;
  esac
}

install_packages() {
  inside apt-get -q -y --no-install-recommends install "$@"
}

# As a package, in the place of the one that Node's vendor has for it.
node_from_npm() {
  node=$root/nodejs
  mkdir -p "$node/DEBIAN" "$node/usr/bin"
  cp "$("$checkout/test/vm/nodes/fetch-node.sh" 20)/node" "$node/usr/bin/node"
  printf '%s\n' 'Package: nodejs' 'Version: 20.0.0' 'Architecture: amd64' 'Maintainer: nobody <nobody@localhost>' \
    'Description: Node of the npm registry' >"$node/DEBIAN/control"
  dpkg-deb --build "$node" "$root/nodejs.deb"
  install_packages libstdc++6
  inside dpkg --install /nodejs.deb
}

npm_from_npm() {
  libraries=$root/usr/local/lib/node_modules
  mkdir -p "$root/npm" "$libraries/npm"
  (cd "$root/npm" && npm pack --silent npm@10)
  tar -xzf "$root"/npm/npm-*.tgz -C "$libraries/npm" --strip-components=1
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  chmod 755 "$libraries/npm/bin/npm-cli.js"
}

# Runs a command in the root, with nothing of this machine's environment but the way to the network. Standard input is
# nothing: bash takes a socket, which it may be, for a login over the network, and reads files that fail under its option -u.
inside() {
  # shellcheck disable=SC2046 # words without blanks
  chroot "$root" env -i $(env | grep -iE '^(http|https|no)_proxy=') NODE_EXTRA_CA_CERTS=/certificates.crt \
    DEBIAN_FRONTEND=noninteractive HOME=/root LANG=C.UTF-8 PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin \
    "$@" </dev/null
}

remove_root() {
  cat "$log" >&2 || true
  umount -R "$root/sys" "$root/dev" "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$root" "$root.before" "$log"
}

main "$@"
