/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions that dmfd needs below JavaScript. Every function returns a value >= 0 or -errno and prints nothing.
 * State is kept only by command/ (the command that signals are forwarded to), which also ends the process, and by
 * device/shield.c (how many threads are in shields). The structs are filled by src/, which takes the offsets of their
 * fields from dmfd_layout().
 */
#ifndef DMFD_H
#define DMFD_H

#include <linux/ioctl.h>
#include <linux/dm-ioctl.h>
#include <stddef.h>
#include <stdint.h>

#define DMFD_EXPORT __attribute__((visibility("default")))

/* Proposed user API, not in any released header. */
#define DMFD_FILE_DESCRIPTOR_FLAG (1u << 20)
/* Put where the descriptor would come back, to tell "no answer" from any descriptor number. */
#define DMFD_NO_ANSWER UINT32_MAX

enum dmfd_mode { DMFD_AUTO = 0, DMFD_ATOMIC = 1, DMFD_FALLBACK = 2 };

enum dmfd_step {
	DMFD_STEP_SHIELD = 1,
	DMFD_STEP_CREATE_WITH_FD,
	DMFD_STEP_CHECK_ANSWER,
	DMFD_STEP_CREATE,
	DMFD_STEP_LOAD,
	DMFD_STEP_OPEN,
	DMFD_STEP_PRIVATE_NODE,
	DMFD_STEP_PROVE_NUMBER,
	DMFD_STEP_PROVE_UUID,
	DMFD_STEP_PROVE_DISKSEQ,
	DMFD_STEP_DEFER_REMOVE,
	DMFD_STEP_RESUME,
	DMFD_STEP_MEASURE,
	DMFD_STEP_ROLLBACK,
	DMFD_STEP_KEY,
	DMFD_STEP_SIGNATURE,
};

/* Where the key comes from that stands for {key} in a table. */
enum dmfd_key_source { DMFD_KEY_NONE = 0, DMFD_KEY_RANDOM = 1, DMFD_KEY_DESCRIPTOR = 2 };
/* How the kernel got it; a table may need both. */
enum dmfd_key_given { DMFD_KEY_IN_KEYRING = 1, DMFD_KEY_IN_TABLE = 2 };

#define DMFD_KEY_MAX 4096 /* bytes */

/* One {key} in a DM_TABLE_LOAD request: the offset of its target's dm_target_spec, and its own. In ascending order. */
struct dmfd_key_place {
	uint32_t target_at;
	uint32_t at;
	uint32_t is_crypt; /* the target takes a reference to a keyring instead */
};

struct dmfd_trace_entry {
	uint32_t step;
	int32_t result; /* 0, or -errno */
	uint64_t nanoseconds;
};

#define DMFD_TRACE_MAX 32

/* One creation: its parameters in, a descriptor out. device/requests.c makes the requests to device-mapper from it. */
struct dmfd_creation {
	/* in */
	int32_t control;
	uint32_t mode; /* enum dmfd_mode */
	uint32_t read_only;
	uint32_t udev_event; /* event_nr of a resume and of a removal: flags for the udev rules */
	char name[DM_NAME_LEN];
	char uuid[DM_UUID_LEN];
	char scratch[32]; /* a unique name, for a private node's directory */
	uint32_t key_source; /* enum dmfd_key_source */
	uint32_t key_size; /* bytes of a random key */
	int32_t key_fd;
	uint32_t key_place_count;
	uint32_t keyring_allowed; /* the crypt target takes a key from a keyring */
	int32_t cancel_fd; /* readable: stop waiting for the key, -ECANCELED; -1: none */
	uint32_t signature_size; /* bytes; 0: the table names no signature */
	char signature_name[64]; /* by which the table names it */
	/* out */
	int32_t fd;
	uint32_t failed_step; /* enum dmfd_step */
	uint32_t from_kernel; /* 1: the descriptor came back from DM_DEV_CREATE */
	uint32_t major;
	uint32_t minor;
	uint64_t diskseq; /* 0: this kernel has no disk sequence numbers */
	uint64_t size; /* bytes */
	uint32_t answer; /* what offset 36 held after the flagged create */
	uint32_t created; /* 1: the kernel said so; 0 with a killed shield: unknown */
	uint32_t key_given; /* enum dmfd_key_given, ORed */
	uint32_t trace_count;
	struct dmfd_trace_entry trace[DMFD_TRACE_MAX];
};

enum dmfd_resize_step { DMFD_RESIZE_READ = 1, DMFD_RESIZE_LOAD, DMFD_RESIZE_SWAP, DMFD_RESIZE_SHIELD };

/* A live table; its last segment, of target linear or crypt, gets another length. */
struct dmfd_resizing {
	/* in */
	int32_t control;
	uint32_t major; /* of the device, which a descriptor of the caller's pins */
	uint32_t minor;
	uint64_t length; /* sectors that the last segment is to have; 0: change nothing */
	/* out */
	uint64_t backing_start; /* sectors, of the last segment */
	uint32_t backing_major;
	uint32_t backing_minor;
	uint32_t key_in_keyring; /* 1: the table names its key, and does not have it */
	uint32_t failed_step; /* enum dmfd_resize_step */
};

/* The state that the caller gave this process, as the launcher noted it before Node changed it. */
struct dmfd_caller {
	uint32_t known; /* 0: nothing was noted; then nothing of it is restored */
	uint32_t reserved;
	uint64_t ignored; /* signals, bit 0 for signal 1 */
	uint64_t blocked;
	uint64_t pending;
	uint64_t soft_descriptors; /* RLIMIT_NOFILE */
	uint64_t hard_descriptors;
};

/* A command to become or to start: numbers, then NUL-separated strings: file, argv..., envp... */
struct dmfd_command {
	struct dmfd_caller caller;
	uint32_t argc;
	uint32_t envc;
	uint32_t strings_size;
	uint32_t descriptor_count;
	uint32_t pid_at; /* where in the strings the command's pid is to be written, in decimal; 0: nowhere */
	/* out */
	int32_t exit_code; /* -1 when it died of a signal */
	int32_t signal; /* 0 when it exited */
	uint32_t reached_execve; /* 0 with an error: it is ours, not the command's */
};

/* Digits and NUL, at pid_at. */
#define DMFD_PID_ROOM 11
#define DMFD_NOT_PASSED (-1)

/*
 * A descriptor for the command. source == target: the caller's, passed on as it is. Otherwise dmfd's own, passed under
 * another number, or with DMFD_NOT_PASSED the caller's for dmfd alone: the command finds /dev/null in place of a
 * standard stream, and any other number closed. Descriptors without an entry are closed.
 */
struct dmfd_descriptor {
	int32_t source;
	int32_t target;
};

/* Bytes of a file. */
struct dmfd_range {
	int64_t start;
	int64_t length;
};

/* device/shield.c */
typedef int dmfd_shielded_fn(void *argument);
int dmfd_in_shield(dmfd_shielded_fn *fn, void *argument, int *killed);
int dmfd_take_back(dmfd_shielded_fn *fn, void *argument);

/* device/claim.c: which device is being made, told by a lock that ends with its maker; uuid NUL-terminated */
DMFD_EXPORT int dmfd_claim(int control, const char *uuid);
DMFD_EXPORT int dmfd_unclaim(int control, const char *uuid);
DMFD_EXPORT int dmfd_is_claimed(int control, const char *uuid);

/* device/create.c */
DMFD_EXPORT int dmfd_create(struct dmfd_creation *creation, void *table, const struct dmfd_key_place *places,
			    const uint8_t *signature);

/* device/resize.c */
DMFD_EXPORT int dmfd_resize(struct dmfd_resizing *resizing);

/* ioctl.c */
DMFD_EXPORT int dmfd_ioctl(int fd, uint32_t request, void *argument);
DMFD_EXPORT int dmfd_ioctl_value(int fd, uint32_t request, int32_t value);
DMFD_EXPORT int dmfd_open(const char *path, int flags);
DMFD_EXPORT int dmfd_close(int fd);

/* device/node.c; scratch as in struct dmfd_creation. dmfd_open_by_number() is for machines whose /dev lacks a node. */
DMFD_EXPORT int dmfd_open_device(uint32_t major, uint32_t minor, int read_only, const char *scratch);
DMFD_EXPORT int dmfd_open_by_number(int block, uint32_t major, uint32_t minor, int read_only, const char *scratch);

/* device/loop.c */
DMFD_EXPORT int dmfd_loop_set_fd(int loop, int backing, void *status64);

/* swap.c */
DMFD_EXPORT int dmfd_swapon(const char *path, int32_t flags);
DMFD_EXPORT int dmfd_swapoff(const char *path);
DMFD_EXPORT int dmfd_page_size(void);

/* lock.c */
DMFD_EXPORT int dmfd_lock(int fd);
DMFD_EXPORT int dmfd_is_range_locked(int fd);
DMFD_EXPORT int dmfd_is_open_elsewhere(int fd);

/* allocate.c */
DMFD_EXPORT int dmfd_allocate(int fd, const struct dmfd_range *range);

/* random.c */
DMFD_EXPORT int dmfd_random(uint8_t *bytes, uint32_t size);

/* cancel.c */
DMFD_EXPORT int dmfd_cancel_event(void);

/* ready.c */
DMFD_EXPORT int dmfd_wait_readable(int fd, int timeout_ms);

/* kmsg.c */
DMFD_EXPORT int dmfd_open_kernel_log(void);

/* command/caller.c: dispositions as the caller had them, for this process itself, and its mask for this thread */
DMFD_EXPORT int dmfd_adopt_caller(const struct dmfd_caller *caller);

/* command/exec.c */
DMFD_EXPORT int dmfd_exec(struct dmfd_command *command, char *strings, const struct dmfd_descriptor *descriptors);

/* command/start.c, wait.c, leave.c, end.c */
DMFD_EXPORT int dmfd_start(struct dmfd_command *command, char *strings, const struct dmfd_descriptor *descriptors);
DMFD_EXPORT int dmfd_wait(struct dmfd_command *command, int pid);
DMFD_EXPORT int dmfd_leave_wait(const struct dmfd_command *launcher, char *strings);
DMFD_EXPORT int dmfd_end(int status) __attribute__((noreturn));
DMFD_EXPORT int dmfd_die_of_signal(int signal);

/* layout.c */
DMFD_EXPORT int dmfd_layout(char *text, uint32_t capacity);

#endif
