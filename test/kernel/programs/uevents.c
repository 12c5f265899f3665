// Runs a command and prints the kernel's uevents for mapped devices meanwhile, each as "ACTION DEVNAME NAME",
// where NAME is what sysfs says the mapped device is called. It says so a moment after it announced the disk.
//
//   uevents COMMAND...
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *value(const char *message, size_t size, const char *key)
{
	size_t length = strlen(key);
	for (const char *entry = message; entry < message + size; entry += strlen(entry) + 1)
		if (strncmp(entry, key, length) == 0)
			return entry + length;
	return "";
}

static const char *mapped_name(const char *device, int attempts)
{
	static char name[130];
	char path[128];
	snprintf(path, sizeof(path), "/sys/block/%s/dm/name", device);
	FILE *file = NULL;
	while (!(file = fopen(path, "re")) && --attempts > 0)
		usleep(1000);
	if (!file)
		return "-";
	if (!fgets(name, sizeof(name), file))
		snprintf(name, sizeof(name), "-");
	fclose(file);
	name[strcspn(name, "\n")] = '\0';
	return name;
}

static void print_event(int socket)
{
	char message[8192];
	ssize_t size = recv(socket, message, sizeof(message) - 1, 0);
	if (size <= 0)
		return;
	message[size] = '\0';
	const char *device = value(message, (size_t)size, "DEVNAME=");
	if (strncmp(device, "dm-", 3) != 0)
		return;
	const char *action = value(message, (size_t)size, "ACTION=");
	printf("%s %s %s\n", action, device, mapped_name(device, strcmp(action, "add") == 0 ? 1000 : 1));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int socket_fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	if (argc < 2 || socket_fd < 0 || bind(socket_fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("uevents");
		return 2;
	}
	pid_t child = fork();
	if (child == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}

	// Devices are destroyed a moment after the command that held them has ended.
	struct pollfd ready = { .fd = socket_fd, .events = POLLIN };
	for (;;) {
		int ended = waitpid(child, NULL, WNOHANG) != 0;
		if (poll(&ready, 1, ended ? 500 : 50) > 0)
			print_event(socket_fd);
		else if (ended)
			break;
	}
	return 0;
}
