#include "session.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

void session_signal(pid_t session, int number)
{
	DIR *proc = opendir("/proc");

	kill(-session, number);
	if (!proc)
		return;
	for (struct dirent *entry; (entry = readdir(proc));) {
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (pid > 1 && getsid(pid) == session && getpgid(pid) != session)
			kill(pid, number);
	}
	closedir(proc);
}
