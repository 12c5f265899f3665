/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_LAUNCHER_PRIVILEGES_H
#define DMFD_LAUNCHER_PRIVILEGES_H

/* Whether this process may do what its caller may not, by this program's setuid or setgid bit or its capabilities. */
int dmfd_has_more_than_its_caller(void);

#endif
