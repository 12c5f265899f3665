#!/bin/sh
# Downloads a Node of the npm registry once, and prints the folder of its program: test/vm/nodes/fetch-node.sh MAJOR [MACHINE]
# MAJOR is 20, 22, ..., of which the newest is taken; MACHINE x64 (the default) or arm64. To get a newer one, remove the folder.
set -eu

major=$1 machine=${2:-x64}
folder=${DMFD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dmfd}/nodes/$major-$machine

if [ ! -e "$folder/bin/node" ]; then
  work=$folder.new.$$
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work"
  (cd "$work" && npm pack --silent "node-linux-$machine@$major" >/dev/null)
  tar -xzf "$work"/*.tgz -C "$work" --strip-components=1 package/bin/node package/LICENSE
  rm "$work"/*.tgz
  chmod 755 "$work/bin/node"
  # Somebody else's may have come first.
  mv -T "$work" "$folder" 2>/dev/null || [ -e "$folder/bin/node" ]
fi
echo "$folder/bin"
