#!/bin/sh
# Puts ffi-rs and its package for one platform into a folder, in the version and with the checksum of package-lock.json.
#
#   packaging/ffi-rs.sh PLATFORM FOLDER      PLATFORM is x64-gnu, arm64-gnu, …
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
name=@yuuang/ffi-rs-linux-$1
folder=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

locked() {
  node -p "require('$here/package-lock.json').packages['node_modules/$1'].$2"
}

fetch() {
  # What npm has had once does not change: the checksum below says so.
  (cd "$work" && npm pack --silent --ignore-scripts --prefer-offline "$1@$(locked "$1" version)" >/dev/null)
  sum=sha512-$(openssl dgst -sha512 -binary "$work"/*.tgz | base64 -w 0)
  if [ "$sum" != "$(locked "$1" integrity)" ]; then
    echo "packaging/ffi-rs.sh: $1 is not what package-lock.json says it is" >&2
    exit 1
  fi
  mkdir -p "$folder/$1"
  tar -xzf "$work"/*.tgz -C "$folder/$1" --strip-components=1
  rm "$work"/*.tgz
}

fetch ffi-rs
fetch "$name"
