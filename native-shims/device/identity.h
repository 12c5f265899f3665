/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_IDENTITY_H
#define DMFD_IDENTITY_H

#include "dmfd.h"

#include <sys/types.h>

/* The device number in a dm_ioctl, which the kernel writes "huge-encoded". */
dev_t dmfd_decode_dev(uint64_t encoded);

/* 0 when fd is a block device with that number, else -EBADF, -ENOTBLK or -ESTALE. */
int dmfd_prove_number(int fd, dev_t dev);

/* Asks the kernel for the device with our UUID: 0 when it still has that number, else -ESTALE or the kernel's answer. */
int dmfd_prove_uuid(struct dmfd_creation *creation, dev_t dev, struct dm_ioctl *reply);

/*
 * 0 when the descriptor's disk sequence number is the one /sys gives for the device number, and then in *diskseq;
 * -EOPNOTSUPP where the kernel has none or /sys is not there; -ESTALE when they differ.
 */
int dmfd_prove_diskseq(int fd, dev_t dev, uint64_t *diskseq);

#endif
