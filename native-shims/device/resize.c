/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "key/reload.h"
#include "requests.h"

#include <errno.h>

struct job {
	struct dmfd_resizing *resizing;
	const struct dmfd_key_client *keeper; /* of the new table, which may have a key in it */
};

/* Takes back a table that is loaded and not live, and ends a suspension: the device goes on as it was before. */
static int put_back(void *pointer)
{
	const struct dmfd_resizing *resizing = ((const struct job *)pointer)->resizing;
	struct dm_ioctl status = dmfd_resizing_request(resizing), request = dmfd_resizing_request(resizing);
	int error = dmfd_ioctl(resizing->control, DM_DEV_STATUS, &status);

	if (!error && status.flags & DM_INACTIVE_PRESENT_FLAG)
		error = dmfd_ioctl(resizing->control, DM_TABLE_CLEAR, &request);
	if (error || !(status.flags & DM_SUSPEND_FLAG))
		return error;
	request = dmfd_resizing_request(resizing);
	return dmfd_ioctl(resizing->control, DM_DEV_SUSPEND, &request);
}

/*
 * To resume a device that has a new table is one call to the kernel, in which it suspends the device, swaps the tables
 * and resumes it: no kill leaves it suspended.
 */
static int swap_tables(void *pointer)
{
	const struct job *job = pointer;
	struct dmfd_resizing *resizing = job->resizing;
	struct dm_ioctl resume = dmfd_resizing_request(resizing);
	int error = dmfd_reload(job->keeper);

	resizing->failed_step = error ? DMFD_RESIZE_LOAD : DMFD_RESIZE_SWAP;
	if (!error)
		error = dmfd_ioctl(resizing->control, DM_DEV_SUSPEND, &resume);
	if (error)
		put_back(pointer);
	else
		resizing->failed_step = 0;
	return error;
}

/* In the shield: a kill of dmfd alone would leave the new table loaded, and not live. */
static int swap_in_shield(struct dmfd_resizing *resizing, struct dmfd_key_client *keeper)
{
	struct job job = { .resizing = resizing, .keeper = keeper };
	int killed, error;

	resizing->failed_step = DMFD_RESIZE_SHIELD;
	error = dmfd_in_shield(swap_tables, &job, &killed);
	/* It may be loading the table still, for a shield that was killed. */
	dmfd_key_client_end(keeper);
	if (!killed)
		return error;
	resizing->failed_step = DMFD_RESIZE_SHIELD;
	dmfd_take_back(put_back, &job);
	return -EINTR;
}

/*
 * Gives the last segment of the device's table the length that resizing has, and tells where it lies. Returns 0, or
 * -errno with the step in failed_step: the device is as it was before then, unless the shield was killed (-EINTR),
 * which may have done its work. -EBUSY in the first step: another process has suspended the device, or loaded a table.
 */
int dmfd_resize(struct dmfd_resizing *resizing)
{
	struct dmfd_last_segment last;
	struct dmfd_key_client keeper;
	int error;

	resizing->failed_step = DMFD_RESIZE_READ;
	error = dmfd_reload_start(&keeper, resizing, &last);
	if (error)
		return error;
	resizing->backing_start = last.start;
	resizing->backing_major = last.major;
	resizing->backing_minor = last.minor;
	resizing->key_in_keyring = last.key_in_keyring != 0;
	resizing->failed_step = 0;
	if (resizing->length)
		return swap_in_shield(resizing, &keeper);
	dmfd_key_client_end(&keeper);
	return 0;
}
