#!/bin/sh
# Builds kernels for the VM from Debian's sources, and prints their directories.
#
#   test/kernel/build.sh NAME...
#
#   dmfd-6.1         Debian's 6.1 with series-6.1
#   dmfd-6.12        Debian's 6.12 with series-6.12
#   liar-6.1         dmfd-6.1 with liar-6.1, in which bit 20 can be told to mean something else
#   dmfd-6.1-debug   dmfd-6.1, and dmfd-6.12-debug dmfd-6.12, with config/debug.config: lockdep, KASAN and friends
#
# The result is laid out as test/vm/kernels/debian.sh says, with everything built in. <cache>/kernels/NAME
# is a link to a directory whose name ends in a hash of the source's version, the patches and the
# configuration. A directory that exists is complete and is used as it is.
#
# Needs what "test/prerequisites.sh kernel" installs, and no network but apt's.
set -eu

here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../vm/cached.sh
. "$here/../vm/cached.sh"
cache=$cache/kernels
PATH=$PATH:/usr/sbin:/sbin
# The image does not depend on who builds it when.
export LC_ALL=C KBUILD_BUILD_USER=dmfd KBUILD_BUILD_HOST=dmfd 'KBUILD_BUILD_TIMESTAMP=1970-01-01'

main() {
  [ $# -gt 0 ] || fail 'usage: build.sh dmfd-6.1|dmfd-6.12|liar-6.1|dmfd-6.1-debug|dmfd-6.12-debug ...'
  mkdir -p "$cache"
  for name; do
    describe "$name"
    [ -d "$result" ] || build_alone
    publish
    printf '%s\n' "$cache/$name"
  done
}

# What a kernel is made of, each list in the order in which it applies, and where it belongs.
describe() {
  name=$1
  series=${name#*-}
  series=${series%-debug}
  patches=$(ls "$here/series-$series"/*.patch) || fail "there is no kernel $name"
  configs=$here/config/vm.config
  case $name in
    dmfd-*-debug) configs="$configs $here/config/debug.config" ;;
    dmfd-*) ;;
    liar-*) patches="$patches $(ls "$here/liar-$series"/*.patch)" || fail "there is no kernel $name" ;;
    *) fail "there is no kernel $name" ;;
  esac
  version=$(source_version)
  # shellcheck disable=SC2086 # lists of files
  result=$cache/.$name-$({ echo "$version" && cat $configs $patches; } | sha256sum | cut -c1-16)
}

source_version() {
  candidate=$(newest_source)
  if [ -z "$candidate" ]; then
    "$here/../apt-get.sh" -qq update
    candidate=$(newest_source)
  fi
  [ -n "$candidate" ] || fail "the apt sources have no linux-source-$series"
  printf '%s\n' "$candidate"
}

newest_source() {
  apt-cache show --no-all-versions "linux-source-$series" 2>/dev/null | sed -n 's/^Version: //p'
}

# One build at a time: each uses every processor, and who waited may find the result in the cache.
build_alone() {
  exec 9>"$cache/.build.lock"
  flock 9
  if [ ! -d "$result" ]; then
    rm -rf "$cache"/.work.*
    work=$(mktemp -d "$cache/.work.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' INT TERM HUP
    build
    rm -rf "$work"
  fi
  exec 9>&-
}

# In the tree that dmfd-6.1 was built in, liar-6.1 costs only what it changes.
build() {
  say "building $name: linux-source-$series $version"
  unpack
  case $name in
    *-debug) make_kernel ;;
    *)
      asked=$name
      describe "dmfd-$series"
      make_kernel
      if [ -d "$here/liar-$series" ]; then
        describe "liar-$series"
        make_kernel
      fi
      describe "$asked"
      ;;
  esac
}

make_kernel() {
  apply
  configure
  compile
  [ -d "$result" ] || mv -T "$work/kernel" "$result"
}

unpack() {
  download || { "$here/../apt-get.sh" -qq update && download; } || fail_with_log "cannot download linux-source-$series"
  dpkg-deb --fsys-tarfile "$work"/*.deb | tar -xO "./usr/src/linux-source-$series.tar.xz" | tar -xJ -C "$work"
  rm "$work"/*.deb
  tree=$work/linux-source-$series
  : >"$work/applied"
}

download() {
  (cd "$work" && apt-get -q download "linux-source-$series=$version") >"$work/log" 2>&1
}

# Every patch has to pass the kernel's own style check, and git am without fuzz. The repository knows only
# the files that the patches touch, and is gone before make could take it for the source's.
apply() {
  # shellcheck disable=SC2086 # a list of files
  new=$(printf '%s\n' $patches | grep -vxF -f "$work/applied")
  printf '%s\n' "$new" >>"$work/applied"
  # shellcheck disable=SC2046,SC2086 # lists of files
  (
    cd "$tree"
    git init -q .
    git add -f $(sed -n 's,^--- a/,,p' $new | sort -u) MAINTAINERS
    git_as_builder commit -q -m "linux-source-$series $version"
    scripts/checkpatch.pl --strict --quiet $new
    git_as_builder am -q $new
  ) >"$work/log" 2>&1 || fail_with_log "the patches of $name do not apply cleanly"
  rm -rf "$tree/.git"
}

git_as_builder() {
  git -c user.name=dmfd -c user.email=dmfd@example.org -c commit.gpgsign=false -c core.hooksPath=/dev/null "$@"
}

configure() {
  # shellcheck disable=SC2086 # a list of files
  {
    make -s -C "$tree" tinyconfig &&
      cat $configs >>"$tree/.config" &&
      make -s -C "$tree" olddefconfig
  } >"$work/log" 2>&1 || fail_with_log "cannot configure $name"
  # shellcheck disable=SC2086 # a list of files
  lost=$(cat $configs | while read -r line; do is_configured "$line" || echo "$line"; done)
  [ -z "$lost" ] || fail "$name cannot have:
$lost"
}

is_configured() {
  case $1 in
    CONFIG_*=n) ! grep -q "^${1%n}" "$tree/.config" ;;
    CONFIG_*) grep -qxF "$1" "$tree/.config" ;;
  esac
}

# LOCALVERSION also keeps the version free of guesses about a repository.
compile() {
  make -s -C "$tree" -j"$(nproc)" LOCALVERSION="-${name%%-*}" bzImage >"$work/log" 2>&1 ||
    fail_with_log "cannot compile $name"
  rm -rf "$work/kernel"
  mkdir "$work/kernel"
  cp "$tree/arch/x86/boot/bzImage" "$work/kernel/bzImage"
  cp "$tree/.config" "$work/kernel/config"
  cat "$tree/include/config/kernel.release" >"$work/kernel/release"
  chmod -R a+rX "$work/kernel"
}

publish() {
  [ "$(readlink "$cache/$name" || :)" != "${result##*/}" ] || return 0
  ln -sfn "${result##*/}" "$cache/.link.$$"
  mv -T "$cache/.link.$$" "$cache/$name"
}

say() {
  printf '%s\n' "$*" >&2
}

fail_with_log() {
  tail -n 40 "$work/log" >&2
  fail "$1"
}

fail() {
  say "build.sh: $1"
  exit 1
}

# mutate.sh borrows the functions.
case ${0##*/} in build.sh) main "$@" ;; esac
