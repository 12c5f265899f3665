#!/bin/sh
# Puts what was built where a system has such things; make install and the Debian packages use it.
#
#   packaging/install.sh ROOT PREFIX BINARIES MODULES
#     ROOT      a folder that stands for / (empty: / itself)
#     PREFIX    /usr/local, /usr, or another folder, outside which nothing is written then
#     BINARIES  a folder with the launcher and the library
#     MODULES   a folder with what dmfd needs of npm: ffi-rs, and its package @yuuang/… for the architecture
set -eu

root=$1 prefix=${2%/} binaries=$3 modules=$4
here=$(dirname "$0")/..
package=$root$prefix/lib/dmfd

main() {
  "$here/packaging/uninstall.sh" "$root" "$prefix"

  program "$binaries/dmfd" "$root$prefix/sbin/dmfd"
  program "$here/bin/dmfd-swap-stop" "$root$prefix/sbin/dmfd-swap-stop"
  file "$binaries/libdmfd.so" "$package/native-shims/build/libdmfd.so"
  file "$here/bin/dmfd.js" "$package/bin/dmfd.js"
  file "$here/bin/compile.js" "$package/bin/compile.js"
  file "$here/bin/package.json" "$package/bin/package.json"
  file "$here/package.json" "$package/package.json"
  (cd "$here" && find dist/command dist/module dist/types -type f ! -name '*.cache' ! -name '*.cache.new') | while read -r path; do
    file "$here/$path" "$package/$path"
  done
  (cd "$modules" && find ffi-rs @yuuang -type f ! -name '*.md') | while read -r path; do
    file "$modules/$path" "$package/node_modules/$path"
  done

  case $prefix in
    /usr | /usr/local) link_for_xen "$root/etc/xen/scripts" ;;
  esac

  for unit in dmfd-swap@.service dmfd.socket dmfd-launcher.socket dmfd.service; do
    file "$here/bin/$unit" "$root$prefix/lib/systemd/system/$unit"
  done
  for page in "$here"/man/*.8; do
    file "$page" "$root$prefix/share/man/man8/$(basename "$page")"
  done
  file "$here/build/completions/bash/dmfd" "$root$prefix/share/bash-completion/completions/dmfd"
  file "$here/build/completions/zsh/_dmfd" "$root$prefix/share/zsh/site-functions/_dmfd"
  file "$here/build/completions/fish/dmfd.fish" "$root$prefix/share/fish/vendor_completions.d/dmfd.fish"

  # What it makes is good for this machine's Node alone: a package makes it where it is installed.
  if [ -z "$root" ] && command -v node >/dev/null; then node "$package/bin/compile.js" || true; fi
}

# Under this name, the launcher is Xen's hotplug script for disks. That of another dmfd stays.
link_for_xen() {
  install -d -m 755 "$1"
  [ -e "$1/block-dmfd" ] || ln -sfn "$prefix/sbin/dmfd" "$1/block-dmfd"
}

program() {
  install -D -m 755 "$1" "$2"
}

file() {
  install -D -m 644 "$1" "$2"
}

main
