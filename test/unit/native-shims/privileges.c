/*
 * Whom the launcher refuses that the kernel has started in secure mode: ids are played here, for only a policy of
 * SELinux or AppArmor starts root so. One line each: real and effective ids of user and group.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

static unsigned long secure;
static uid_t uid, euid;
static gid_t gid, egid;

#define getauxval(type) ((type) == AT_SECURE ? secure : 0)
#define getuid() uid
#define geteuid() euid
#define getgid() gid
#define getegid() egid
#include "launcher/privileges.c"

int main(void)
{
	static const unsigned int ids[][4] = {
		{ 0, 0, 0, 0 },		 { 0, 0, 1000, 1000 }, { 1000, 1000, 1000, 1000 },
		{ 1000, 0, 1000, 1000 }, { 0, 1000, 0, 0 },    { 0, 0, 0, 6 },
	};
	size_t i;

	for (secure = 0; secure < 2; secure++)
		for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
			uid = ids[i][0];
			euid = ids[i][1];
			gid = ids[i][2];
			egid = ids[i][3];
			printf("%s%u %u %u %u: %s\n", secure ? "secure " : "", uid, euid, gid, egid,
			       dmfd_has_more_than_its_caller() ? "refused" : "goes on");
		}
	return 0;
}
