#!/bin/sh
# A hotplug script: block-dmfd, which $KILL_AT kills as /tmp/point says: WHO POINT.
[ "$1" = add ] || exec /etc/xen/scripts/block-dmfd "$@"
read -r who point </tmp/point
"$KILL_AT" "$who" "$point" /etc/xen/scripts/block-dmfd "$@" >/tmp/killed 2>&1
# It ends with 3 when it has killed nothing.
[ $? = 3 ]
