/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_IDENTITY_H
#define DMFD_IDENTITY_H

#include "dmfd.h"

#include <sys/types.h>

/* A device number as the kernel writes it in dm_ioctl and loop_info64, "huge-encoded". */
dev_t dmfd_decode_dev(uint64_t encoded);

uint64_t dmfd_encode_dev(dev_t dev);

/* The number of the device that the creation made. */
dev_t dmfd_device_number(const struct dmfd_creation *creation);

/* 0 when fd is a block device with that number, else -EBADF, -ENOTBLK or -ESTALE. */
int dmfd_prove_number(int fd, dev_t dev);

/*
 * Asks the kernel for the device with our UUID, which has not been resumed yet: 0 when it has the creation's number and
 * no live table, -ESTALE when not, or -errno.
 */
int dmfd_prove_uuid(const struct dmfd_creation *creation, struct dm_ioctl *reply);

/*
 * Compares the descriptor's disk sequence number, returned in *diskseq, with the one in /sys for the device number.
 * 0; -EOPNOTSUPP without one of the two (*diskseq is then 0, or not compared); -ESTALE when they differ.
 */
int dmfd_prove_diskseq(int fd, dev_t dev, uint64_t *diskseq);

#endif
