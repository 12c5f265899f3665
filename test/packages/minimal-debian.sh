#!/bin/sh
# Tries dmfd on a minimal Debian. First the package, with Node 20 and nothing else; then make
# targets of a clone of this checkout, with make, npm and git, too. Prints what they print. Needs root and debootstrap, and what `make package`
# makes; leaves nothing.
#
#   test/packages/minimal-debian.sh bookworm|trixie TARGET...
set -eu

suite=$1
here=$(dirname "$(readlink -f "$0")")
checkout=$(readlink -f "$here/../..")
PATH=$PATH:/usr/sbin:/sbin

# In namespaces of its own: what is mounted here is seen nowhere else, and what is started ends with this.
if [ $$ -ne 1 ]; then exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@"; fi
shift

main() {
  root=$(mktemp -d "${TMPDIR:-/tmp}/dmfd-$suite.XXXXXX")
  log=$root.log
  trap remove_root EXIT
  trap 'exit 1' INT TERM HUP
  logged "$here/debian-root.sh" "$suite" "$root"
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

# An older version, which has a file that this one has not, gives way to this one, which leaves nothing behind.
try_package() {
  mkdir "$root/packages"
  cp "$checkout"/build/packages/dmfd_*_amd64.deb "$root/packages/new.deb"
  logged make_older
  pretend_systemd
  enable_anothers_swap
  all_files >"$root.before"
  logged inside dpkg --install /packages/old.deb
  echo "installed: dmfd $(inside dmfd --version)"
  logged inside dpkg --install /packages/new.deb
  echo "upgraded: dmfd $(inside dmfd --version)"
  [ ! -e "$root/usr/lib/dmfd/former" ] || echo "a file of the older version is left"
  inside dpkg --verify dmfd
  inside dmfd create --zero 1M --dry-run
  enable_units
  logged inside dpkg --purge dmfd
  echo "systemd was told: $(uniq "$root/told" | paste -s -d ,)"
  all_files | diff "$root.before" - && echo "purged: nothing is left"
}

make_older() {
  dpkg-deb --raw-extract "$root/packages/new.deb" "$root/packages/old"
  sed -i 's/^Version: .*/Version: 0.0.1-1/' "$root/packages/old/DEBIAN/control"
  sed -i 's/"version": ".*"/"version": "0.0.1"/' "$root/packages/old/usr/lib/dmfd/package.json"
  touch "$root/packages/old/usr/lib/dmfd/former"
  dpkg-deb -Znone --build "$root/packages/old" "$root/packages/old.deb"
}

# There is none, and nothing that this makes is one of the files that are counted.
pretend_systemd() {
  mkdir -p "$root/run/systemd/system" "$root/etc/systemd/system"
  for name in systemctl deb-systemd-invoke; do
    printf '#!/bin/sh\necho %s "$@" >>/told\n' "$name" >"$root/usr/local/bin/$name"
    chmod 755 "$root/usr/local/bin/$name"
  done
}

# Of a dmfd that "make install" has put here, which a purge of the package leaves alone.
enable_anothers_swap() {
  units=$root/usr/local/lib/systemd/system wants=$root/etc/systemd/system/swap.target.wants
  mkdir -p "$units" "$wants"
  touch "$units/dmfd-swap@.service"
  ln -s /usr/local/lib/systemd/system/dmfd-swap@.service "$wants/dmfd-swap@other.service"
}

# As systemctl does it.
enable_units() {
  units=$root/etc/systemd/system
  mkdir -p "$units/sockets.target.wants" "$units/swap.target.wants"
  for unit in sockets.target.wants/dmfd.socket sockets.target.wants/dmfd-launcher.socket; do
    ln -s "/usr/lib/systemd/system/${unit##*/}" "$units/$unit"
  done
  ln -s /usr/lib/systemd/system/dmfd-swap@.service "$units/swap.target.wants/dmfd-swap@var-swapfile.service"
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
  inside apt-get -q --no-install-recommends install "$@"
}

npm_from_npm() {
  libraries=$root/usr/local/lib/node_modules
  mkdir -p "$root/npm" "$libraries/npm"
  (cd "$root/npm" && npm pack --silent npm@10)
  tar -xzf "$root"/npm/npm-*.tgz -C "$libraries/npm" --strip-components=1
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  chmod 755 "$libraries/npm/bin/npm-cli.js"
}

inside() {
  "$here/in-root.sh" "$root" "$@"
}

remove_root() {
  cat "$log" >&2 || true
  rm -rf --one-file-system "$root" "$root.before" "$log"
}

main "$@"
