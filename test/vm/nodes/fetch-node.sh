#!/bin/sh
# Downloads a Node of the npm registry once, and prints the folder of its program: test/vm/nodes/fetch-node.sh MAJOR [MACHINE]
# MAJOR is 20, 22, ..., of which the newest is taken; MACHINE x64 (the default) or arm64. To get a newer one, remove the folder.
set -eu

major=$1 machine=${2:-x64}
# shellcheck source-path=SCRIPTDIR source=../cached.sh
. "$(dirname "$(readlink -f "$0")")/../cached.sh"
folder=$cache/nodes/$major-$machine

download() {
  (cd "$work" && npm pack --silent "node-linux-$machine@$major" >/dev/null)
  mkdir "$work/made"
  tar -xzf "$work"/*.tgz -C "$work/made" --strip-components=1 package/bin/node package/LICENSE
  chmod 755 "$work/made/bin/node"
}

cached "$folder" download
echo "$folder/bin"
