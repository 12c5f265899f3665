#!/bin/sh
# A hotplug script: block-dmfd, as in a driver domain, where /dev/xen/xenbus is the only way to xenstored.
XENSTORED_PATH=/nowhere exec /etc/xen/scripts/block-dmfd "$@"
