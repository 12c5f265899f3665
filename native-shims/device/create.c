/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "identity.h"
#include "key/keeper.h"
#include "node.h"
#include "rollback.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <unistd.h>

struct order {
	struct dmfd_creation *creation;
	struct dm_ioctl *table;
	struct dmfd_key_keeper *keeper; /* NULL: the table holds no key */
};

static int control(struct dmfd_creation *creation, enum dmfd_step step, uint32_t request, struct dm_ioctl *argument)
{
	uint64_t since = dmfd_now();

	return dmfd_traced(creation, step, since, dmfd_ioctl(creation->control, request, argument));
}

/* Believed only when the sentinel is gone and the descriptor is the very device that the call created. */
static void check_answer(struct dmfd_creation *creation, uint32_t answer)
{
	uint64_t since = dmfd_now();
	int error = -EOPNOTSUPP;

	creation->answer = answer;
	if (answer != DMFD_NO_ANSWER)
		error = answer > INT32_MAX ? -EBADF : dmfd_prove_number((int)answer, (dev_t)creation->dev);
	if (!error) {
		creation->fd = (int)answer;
		creation->from_kernel = 1;
	}
	dmfd_traced(creation, DMFD_STEP_CHECK_ANSWER, since, error);
}

static int create_with_fd(struct dmfd_creation *creation)
{
	struct dm_ioctl request = creation->create;
	int error;

	request.flags |= DMFD_FILE_DESCRIPTOR_FLAG | DM_DEFERRED_REMOVE;
	request.padding = DMFD_NO_ANSWER;
	error = control(creation, DMFD_STEP_CREATE_WITH_FD, DM_DEV_CREATE, &request);
	if (error)
		return error;
	creation->created = 1;
	creation->dev = dmfd_decode_dev(request.dev);
	check_answer(creation, request.padding);
	return 0;
}

static int create_without_fd(struct dmfd_creation *creation)
{
	struct dm_ioctl request = creation->create;
	int error = control(creation, DMFD_STEP_CREATE, DM_DEV_CREATE, &request);

	if (error)
		return error;
	creation->created = 1;
	creation->dev = dmfd_decode_dev(request.dev);
	return 0;
}

/* What a kernel may say to a flag it does not know; if it was about something else, it says so again without. */
static int may_be_refusal_of_flag(int error)
{
	return error == -EINVAL || error == -EOPNOTSUPP || error == -ENOTTY || error == -ENOSYS;
}

static int create_device(struct dmfd_creation *creation)
{
	int error;

	if (creation->mode == DMFD_FALLBACK)
		return create_without_fd(creation);
	error = create_with_fd(creation);
	if (may_be_refusal_of_flag(error))
		return creation->mode == DMFD_AUTO ? create_without_fd(creation) : -EOPNOTSUPP;
	if (error)
		return error;
	if (creation->mode == DMFD_ATOMIC && !creation->from_kernel) {
		creation->failed_step = DMFD_STEP_CHECK_ANSWER;
		return -EOPNOTSUPP;
	}
	return 0;
}

/* A table with a key in it is loaded by the process that has the key. */
static int load_table(const struct order *order)
{
	uint64_t since = dmfd_now();

	if (!order->keeper)
		return control(order->creation, DMFD_STEP_LOAD, DM_TABLE_LOAD, order->table);
	return dmfd_traced(order->creation, DMFD_STEP_LOAD, since, dmfd_keeper_load(order->keeper, order->creation));
}

static int open_device(struct dmfd_creation *creation)
{
	uint64_t since = dmfd_now();
	int is_private, fd;

	fd = dmfd_open_node((dev_t)creation->dev, creation->read_only ? O_RDONLY : O_RDWR, creation->scratch,
			    &is_private);
	if (fd >= 0)
		creation->fd = fd;
	return dmfd_traced(creation, is_private ? DMFD_STEP_PRIVATE_NODE : DMFD_STEP_OPEN, since, fd < 0 ? fd : 0);
}

/* Proof by number and by UUID, while the descriptor pins the number; *doomed as the kernel states it. */
static int prove_identity(struct dmfd_creation *creation, int *doomed)
{
	struct dm_ioctl reply;
	uint64_t since = dmfd_now();
	int error = dmfd_prove_number(creation->fd, (dev_t)creation->dev);

	if (dmfd_traced(creation, DMFD_STEP_PROVE_NUMBER, since, error))
		return error;
	since = dmfd_now();
	error = dmfd_prove_uuid(creation, (dev_t)creation->dev, &reply);
	*doomed = !error && (reply.flags & DM_DEFERRED_REMOVE);
	return dmfd_traced(creation, DMFD_STEP_PROVE_UUID, since, error);
}

static int prove_diskseq(struct dmfd_creation *creation)
{
	uint64_t since = dmfd_now();
	int error = dmfd_prove_diskseq(creation->fd, (dev_t)creation->dev, &creation->diskseq);

	dmfd_traced(creation, DMFD_STEP_PROVE_DISKSEQ, since, error);
	creation->diskseq_proved = !error;
	/* Before 5.15, and where /sys is not mounted, the UUID proof stands alone. */
	return error == -EOPNOTSUPP ? 0 : error;
}

static int doom(struct dmfd_creation *creation)
{
	struct dm_ioctl request = creation->remove;

	return control(creation, DMFD_STEP_DOOM, DM_DEV_REMOVE, &request);
}

static int resume(struct dmfd_creation *creation)
{
	struct dm_ioctl request = creation->resume;

	return control(creation, DMFD_STEP_RESUME, DM_DEV_SUSPEND, &request);
}

static int measure(struct dmfd_creation *creation)
{
	uint64_t since = dmfd_now();

	return dmfd_traced(creation, DMFD_STEP_MEASURE, since,
			   dmfd_ioctl(creation->fd, BLKGETSIZE64, &creation->size));
}

/* Create, load, open, prove, doom, resume: doomed to vanish before it can first be used. */
static int make_device(const struct order *order)
{
	struct dmfd_creation *creation = order->creation;
	int doomed = 0, error;

	error = create_device(creation);
	if (!error)
		error = load_table(order);
	if (!error && !creation->from_kernel)
		error = open_device(creation);
	if (!error)
		error = prove_identity(creation, &doomed);
	if (!error)
		error = prove_diskseq(creation);
	if (!error && !doomed)
		error = doom(creation);
	if (!error)
		error = resume(creation);
	if (!error)
		error = measure(creation);
	return error;
}

static void blame_last_step(struct dmfd_creation *creation)
{
	if (!creation->failed_step && creation->trace_count)
		creation->failed_step = creation->trace[creation->trace_count - 1].step;
}

static int make_or_roll_back(void *pointer)
{
	struct order *order = pointer;
	struct dmfd_creation *creation = order->creation;
	int error = make_device(order);
	uint64_t since;

	if (error) {
		blame_last_step(creation);
		since = dmfd_now();
		dmfd_traced(creation, DMFD_STEP_ROLLBACK, since, dmfd_roll_back(creation));
	}
	return error;
}

static int clean_up_after_killed_shield(struct dmfd_creation *creation)
{
	uint64_t since = dmfd_now();
	int killed, error;

	creation->failed_step = DMFD_STEP_SHIELD;
	creation->shields_killed++;
	/* Again out of reach of a kill of dmfd; should this one be killed too, what is left is done in the open. */
	error = dmfd_in_shield(dmfd_roll_back_unknown, creation, &killed);
	if (killed) {
		creation->shields_killed++;
		error = dmfd_roll_back_unknown(creation);
	}
	dmfd_traced(creation, DMFD_STEP_ROLLBACK, since, error);
	return -EINTR;
}

static int create_in_shield(struct order *order)
{
	struct dmfd_creation *creation = order->creation;
	int killed, error;

	error = dmfd_in_shield(make_or_roll_back, order, &killed);
	if (killed)
		return clean_up_after_killed_shield(creation);
	if (error && !creation->failed_step)
		creation->failed_step = DMFD_STEP_SHIELD;
	return error;
}

static int start_keeper(struct dmfd_key_keeper *keeper, struct dmfd_creation *creation, const struct dm_ioctl *table)
{
	uint64_t since = dmfd_now();
	int error = dmfd_keeper_start(keeper, creation, table);

	if (error)
		creation->failed_step = DMFD_STEP_KEY;
	return dmfd_traced(creation, DMFD_STEP_KEY, since, error);
}

/*
 * Makes the device that creation describes, with the table (a whole DM_TABLE_LOAD request). 0: creation->fd is the
 * device, which the kernel destroys when the last descriptor of it is closed. Otherwise -errno with the step in
 * creation->failed_step, and the device removed again.
 */
int dmfd_create(struct dmfd_creation *creation, void *table)
{
	struct order order = { .creation = creation, .table = table };
	struct dmfd_key_keeper keeper;
	int error;

	creation->fd = -1;
	if (creation->key_source == DMFD_KEY_NONE)
		return create_in_shield(&order);
	/* Before there is a device: a key may be a long time coming, and may be none. */
	error = start_keeper(&keeper, creation, table);
	if (error)
		return error;
	order.keeper = &keeper;
	error = create_in_shield(&order);
	dmfd_keeper_end(&keeper);
	return error;
}
