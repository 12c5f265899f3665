#!/bin/sh
# A hotplug script: block-dmfd, which $KILL_AT kills at the point that /tmp/point tells.
[ "$1" = add ] || exec /etc/xen/scripts/block-dmfd "$@"
"$KILL_AT" main "$(cat /tmp/point)" /etc/xen/scripts/block-dmfd "$@" >/tmp/killed 2>&1
# It ends with 3 when it has killed nothing.
[ $? = 3 ]
