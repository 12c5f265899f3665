/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "identity.h"
#include "key/client.h"
#include "node.h"
#include "requests.h"
#include "rollback.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct job {
	struct dmfd_creation *creation;
	struct dm_ioctl *table;
	struct dmfd_key_client *key; /* NULL: the table holds no key */
	const uint8_t *signature;
};

static int control(struct dmfd_creation *creation, enum dmfd_step step, uint32_t request, struct dm_ioctl *argument)
{
	uint64_t since = dmfd_now();

	return dmfd_traced(creation, step, since, dmfd_ioctl(creation->control, request, argument));
}

/* Stores the number first: the shield may be killed in between, and a rollback of a created device compares the number.
 */
static void note_created(struct dmfd_creation *creation, uint64_t encoded)
{
	const dev_t dev = dmfd_decode_dev(encoded);

	creation->major = major(dev);
	creation->minor = minor(dev);
	__atomic_store_n(&creation->created, 1, __ATOMIC_RELEASE);
}

/* Believed only when the sentinel is gone and the descriptor is the very device that the call created. */
static void check_answer(struct dmfd_creation *creation, uint32_t answer)
{
	uint64_t since = dmfd_now();
	int error = -EOPNOTSUPP;

	creation->answer = answer;
	if (answer != DMFD_NO_ANSWER)
		error = answer > INT32_MAX ? -EBADF : dmfd_prove_number((int)answer, dmfd_device_number(creation));
	if (!error) {
		creation->fd = (int)answer;
		creation->from_kernel = 1;
	}
	dmfd_traced(creation, DMFD_STEP_CHECK_ANSWER, since, error);
}

static int create_with_fd(struct dmfd_creation *creation)
{
	struct dm_ioctl request = dmfd_create_request(creation);
	int error;

	request.flags |= DMFD_FILE_DESCRIPTOR_FLAG | DM_DEFERRED_REMOVE;
	request.padding = DMFD_NO_ANSWER;
	error = control(creation, DMFD_STEP_CREATE_WITH_FD, DM_DEV_CREATE, &request);
	if (error)
		return error;
	note_created(creation, request.dev);
	check_answer(creation, request.padding);
	return 0;
}

static int create_without_fd(struct dmfd_creation *creation)
{
	struct dm_ioctl request = dmfd_create_request(creation);
	int error = control(creation, DMFD_STEP_CREATE, DM_DEV_CREATE, &request);

	if (!error)
		note_created(creation, request.dev);
	return error;
}

/* Answers of a kernel that does not know the flag. An error with another cause comes again without the flag. */
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

/* Verity looks it up by its name when the table is loaded: in a keyring that goes with this process. */
static int add_signature(const struct job *job)
{
	struct dmfd_creation *creation = job->creation;
	uint64_t since = dmfd_now();
	long serial;

	if (!creation->signature_size)
		return 0;
	serial = syscall(SYS_add_key, "user", creation->signature_name, job->signature,
			 (size_t)creation->signature_size, KEY_SPEC_PROCESS_KEYRING);
	return dmfd_traced(creation, DMFD_STEP_SIGNATURE, since, serial < 0 ? -errno : 0);
}

/* A table with a key in it is loaded by the process that has the key. */
static int load_table(const struct job *job)
{
	uint64_t since = dmfd_now();

	if (!job->key)
		return control(job->creation, DMFD_STEP_LOAD, DM_TABLE_LOAD, job->table);
	return dmfd_traced(job->creation, DMFD_STEP_LOAD, since, dmfd_key_client_load(job->key, job->creation));
}

static int open_device(struct dmfd_creation *creation)
{
	uint64_t since = dmfd_now();
	int is_private, fd;

	fd = dmfd_open_node(dmfd_device_number(creation), creation->read_only ? O_RDONLY : O_RDWR, creation->scratch,
			    &is_private);
	if (fd >= 0)
		creation->fd = fd;
	return dmfd_traced(creation, is_private ? DMFD_STEP_PRIVATE_NODE : DMFD_STEP_OPEN, since, fd < 0 ? fd : 0);
}

/* Proof by number and by UUID, while the descriptor pins the number; *deferred: its removal is deferred already. */
static int prove_identity(struct dmfd_creation *creation, int *deferred)
{
	struct dm_ioctl reply;
	uint64_t since = dmfd_now();
	int error = dmfd_prove_number(creation->fd, dmfd_device_number(creation));

	if (dmfd_traced(creation, DMFD_STEP_PROVE_NUMBER, since, error))
		return error;
	since = dmfd_now();
	error = dmfd_prove_uuid(creation, &reply);
	*deferred = !error && (reply.flags & DM_DEFERRED_REMOVE);
	return dmfd_traced(creation, DMFD_STEP_PROVE_UUID, since, error);
}

static int prove_diskseq(struct dmfd_creation *creation)
{
	uint64_t since = dmfd_now();
	int error = dmfd_prove_diskseq(creation->fd, dmfd_device_number(creation), &creation->diskseq);

	dmfd_traced(creation, DMFD_STEP_PROVE_DISKSEQ, since, error);
	/* Before 5.15, and where /sys is not mounted, the UUID proof stands alone. */
	return error == -EOPNOTSUPP ? 0 : error;
}

static int defer_remove(struct dmfd_creation *creation)
{
	struct dm_ioctl request = dmfd_held_remove_request(creation);

	return control(creation, DMFD_STEP_DEFER_REMOVE, DM_DEV_REMOVE, &request);
}

static int resume(struct dmfd_creation *creation)
{
	struct dm_ioctl request = dmfd_resume_request(creation);

	return control(creation, DMFD_STEP_RESUME, DM_DEV_SUSPEND, &request);
}

static int measure(struct dmfd_creation *creation)
{
	uint64_t since = dmfd_now();

	return dmfd_traced(creation, DMFD_STEP_MEASURE, since, dmfd_ioctl(creation->fd, BLKGETSIZE64, &creation->size));
}

/* Create, load, open, prove, defer removal, resume: the device cannot be used before its removal is deferred. */
static int make_device(const struct job *job)
{
	struct dmfd_creation *creation = job->creation;
	int deferred = 0, error;

	error = add_signature(job);
	if (!error)
		error = create_device(creation);
	if (!error)
		error = load_table(job);
	if (!error && !creation->from_kernel)
		error = open_device(creation);
	if (!error)
		error = prove_identity(creation, &deferred);
	if (!error)
		error = prove_diskseq(creation);
	if (!error && !deferred)
		error = defer_remove(creation);
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
	struct job *job = pointer;
	struct dmfd_creation *creation = job->creation;
	int error = make_device(job);
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

	creation->failed_step = DMFD_STEP_SHIELD;
	dmfd_traced(creation, DMFD_STEP_ROLLBACK, since, dmfd_take_back(dmfd_roll_back_unknown, creation));
	return -EINTR;
}

static int create_in_shield(struct job *job)
{
	struct dmfd_creation *creation = job->creation;
	int killed, error;

	error = dmfd_in_shield(make_or_roll_back, job, &killed);
	if (killed)
		return clean_up_after_killed_shield(creation);
	if (error && !creation->failed_step)
		creation->failed_step = DMFD_STEP_SHIELD;
	return error;
}

static int get_key(struct dmfd_key_client *key, struct dmfd_creation *creation, const struct dmfd_keyed_table *table)
{
	uint64_t since = dmfd_now();
	int error = dmfd_key_client_start(key, creation, table);

	if (error)
		creation->failed_step = DMFD_STEP_KEY;
	return dmfd_traced(creation, DMFD_STEP_KEY, since, error);
}

/* While its UUID is claimed, "dmfd reap" leaves the device alone. */
static int create_claimed(struct job *job)
{
	struct dmfd_creation *creation = job->creation;
	int error = dmfd_claim(creation->control, creation->uuid);

	/* Another dmfd makes one with this UUID now. A kernel that has no such lock (before 3.15) is no hindrance. */
	if (error == -EAGAIN) {
		creation->failed_step = DMFD_STEP_CREATE;
		return -EBUSY;
	}
	error = create_in_shield(job);
	dmfd_unclaim(creation->control, creation->uuid);
	return error;
}

/*
 * Makes the device that creation describes, with the table (a whole DM_TABLE_LOAD request) and the places of a key in
 * it; signature is what the table names as creation->signature_name. Returns 0 with the device in creation->fd: the
 * kernel destroys it when its last descriptor is closed. Otherwise -errno, with the step in creation->failed_step, and
 * the device is removed again.
 */
int dmfd_create(struct dmfd_creation *creation, void *table, const struct dmfd_key_place *places,
		const uint8_t *signature)
{
	const struct dmfd_keyed_table keyed = {
		.request = table,
		.places = places,
		.place_count = creation->key_place_count,
	};
	struct job job = { .creation = creation, .table = table, .signature = signature };
	struct dmfd_key_client key;
	int error;

	creation->fd = -1;
	if (creation->key_source == DMFD_KEY_NONE)
		return create_claimed(&job);
	/* Before there is a device: a key may take long to come, or never come. */
	error = get_key(&key, creation, &keyed);
	if (error)
		return error;
	job.key = &key;
	error = create_claimed(&job);
	dmfd_key_client_end(&key);
	return error;
}
