/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests of a creation, all but the table. After DM_DEV_CREATE they name the device by its UUID alone: the name
 * could be another device's by then. Once a descriptor of the device is held, and the UUID proved, they name it by its
 * number: that cannot become another device's then, as the UUID can.
 */
#ifndef DMFD_REQUESTS_H
#define DMFD_REQUESTS_H

#include "dmfd.h"

/* DM_DEV_CREATE. In: name, UUID, DM_READONLY_FLAG. Out: dev. */
struct dm_ioctl dmfd_create_request(const struct dmfd_creation *creation);

/* DM_DEV_STATUS. In: UUID. Out: name, dev, flags, open_count. */
struct dm_ioctl dmfd_status_request(const struct dmfd_creation *creation);

/* DM_DEV_REMOVE. In: UUID, DM_DEFERRED_REMOVE, flags for the udev rules in event_nr. */
struct dm_ioctl dmfd_remove_request(const struct dmfd_creation *creation);

/* The same of a device that is held open. In: dev, DM_DEFERRED_REMOVE, flags for the udev rules in event_nr. */
struct dm_ioctl dmfd_held_remove_request(const struct dmfd_creation *creation);

/* DM_DEV_SUSPEND; without DM_SUSPEND_FLAG it resumes. In: dev, flags for the udev rules in event_nr. */
struct dm_ioctl dmfd_resume_request(const struct dmfd_creation *creation);

/* For any command, to the device that is resized. In: dev. With no flags for the udev rules, udev keeps to those it
 * had. */
struct dm_ioctl dmfd_resizing_request(const struct dmfd_resizing *resizing);

#endif
