/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_FIND_SCRIPT_H
#define DMFD_FIND_SCRIPT_H

#include <stddef.h>

/* Writes the path of the bin/dmfd.js that belongs to this program; 0 or -errno. */
int dmfd_find_script(char *path, size_t size);

#endif
