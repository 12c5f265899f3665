// Raw device-mapper calls for the tests of the kernel series: no libdevmapper, no dmfd.
#ifndef TEST_DM_H
#define TEST_DM_H

#include <linux/dm-ioctl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

// What the series adds; the headers of the machine do not know it.
#define FILE_DESCRIPTOR_FLAG (1u << 20)
#define FILE_DESCRIPTOR(request) ((request)->padding)

// No kernel gives this number to a descriptor.
#define NO_DESCRIPTOR 0xffffffffu

// A request about the device called `name`, with its reply to come in the same place.
struct dm_ioctl dm_request(const char *name, uint32_t flags);

// Sends a request. 0, or -errno.
int dm_send(unsigned long command, struct dm_ioctl *request);

// Loads `sectors` sectors of one target. 0, or -errno.
int dm_load(const char *name, uint32_t flags, uint64_t sectors, const char *type, const char *arguments);

// Makes the loaded table live. 0, or -errno.
int dm_resume(const char *name);

// With DM_DEFERRED_REMOVE in `flags`, removes at the last close. 0, or -errno.
int dm_remove(const char *name, uint32_t flags);

// The device number of a reply.
dev_t dm_dev(const struct dm_ioctl *reply);

// "/dev/dm-N", in a buffer that the next call uses again.
const char *dm_node(dev_t dev);

// How many descriptors this process has open, and a few more.
int open_descriptors(void);

#endif
