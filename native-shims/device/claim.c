/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"

#include <errno.h>
#include <fcntl.h>

/*
 * A claim is a lock on one byte of the control device, which the UUID chooses. It belongs to the open file description:
 * dmfd and its shield share it, and the kernel drops it when the last of both is gone, however they end. Others are
 * asked nothing: creations of other devices go on beside it.
 */
static struct flock claim_on(const char *uuid)
{
	/* FNV-1a; the offset of a lock may have 63 bits. */
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *uuid; uuid++)
		hash = (hash ^ (unsigned char)*uuid) * UINT64_C(0x100000001b3);
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)(hash >> 2), .l_len = 1 };
}

/* Claims a UUID for the control descriptor, until that is closed. 0; -EAGAIN when another descriptor has it. */
int dmfd_claim(int control, const char *uuid)
{
	struct flock claim = claim_on(uuid);

	return fcntl(control, F_OFD_SETLK, &claim) < 0 ? -errno : 0;
}

int dmfd_unclaim(int control, const char *uuid)
{
	struct flock claim = claim_on(uuid);

	claim.l_type = F_UNLCK;
	return fcntl(control, F_OFD_SETLK, &claim) < 0 ? -errno : 0;
}

/* 1 when another descriptor has claimed the UUID, 0 when none has, or -errno. */
int dmfd_is_claimed(int control, const char *uuid)
{
	struct flock claim = claim_on(uuid);

	if (fcntl(control, F_OFD_GETLK, &claim) < 0)
		return -errno;
	return claim.l_type != F_UNLCK;
}
