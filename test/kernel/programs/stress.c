// Makes and drops devices from several threads at once, some in ways that fail, while another thread closes
// descriptors it was never given. Prints what is left:
//
//   descriptor-stress THREADS ROUNDS
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dm.h"

static int rounds;
// Opened once, so that the numbers that come and go are those of devices only.
static int control;
static atomic_int created;
static atomic_int clashed;
static atomic_int wrong;
static atomic_int newest = -1;
static atomic_bool finished;

static void use(int fd, dev_t dev, int round)
{
	struct stat status;
	atomic_store(&newest, fd);
	// Another thread may have closed it already, and the number may even be another device's by now.
	if (fstat(fd, &status) == 0 && S_ISBLK(status.st_mode) && status.st_rdev == dev)
		atomic_fetch_add(&created, 1);
	if (round % 8 == 0) {
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	close(fd);
}

static void *make(void *argument)
{
	unsigned thread = (unsigned)(size_t)argument;
	for (int round = 0; round < rounds; round++) {
		char name[32];
		// Every fourth name is fought for by all threads.
		if (round % 4)
			snprintf(name, sizeof(name), "stress-%u", thread);
		else
			snprintf(name, sizeof(name), "stress-common");
		struct dm_ioctl request = dm_request(name, FILE_DESCRIPTOR_FLAG | DM_DEFERRED_REMOVE);
		int error = ioctl(control, DM_DEV_CREATE, &request) < 0 ? errno : 0;
		if (error == EBUSY) {
			// Taken, or its last owner is still on its way out.
			atomic_fetch_add(&clashed, 1);
			usleep(1000);
		} else if (error) {
			fprintf(stderr, "%s: %s\n", name, strerrorname_np(error));
			atomic_fetch_add(&wrong, 1);
		} else {
			use((int)FILE_DESCRIPTOR(&request), dm_dev(&request), round);
		}
	}
	return NULL;
}

static void *disturb(void *argument)
{
	(void)argument;
	while (!atomic_load(&finished)) {
		int fd = atomic_exchange(&newest, -1);
		if (fd >= 3)
			close(fd);
		usleep(500);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: %s THREADS ROUNDS\n", argv[0]);
		return 2;
	}
	int threads = atoi(argv[1]);
	rounds = atoi(argv[2]);
	pthread_t makers[64];
	pthread_t disturber;
	control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (control < 0 || threads < 1 || threads > 64)
		return 2;

	pthread_create(&disturber, NULL, disturb, NULL);
	for (int i = 0; i < threads; i++)
		pthread_create(&makers[i], NULL, make, (void *)(size_t)i);
	for (int i = 0; i < threads; i++)
		pthread_join(makers[i], NULL);
	atomic_store(&finished, true);
	pthread_join(disturber, NULL);

	printf("created %d\nclashed %d\nwrong %d\n", created, clashed, wrong);
	return wrong != 0;
}
