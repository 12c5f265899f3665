/*
 * For LD_PRELOAD: lets Xen's own xenstored (the one in C) run where there is no Xen. What it asks of the hypervisor is
 * answered as for a machine that has domain 0 alone; it serves its unix socket then.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int handle;

void *xc_interface_open(void *logger, void *other_logger, unsigned int flags);
int xc_interface_close(void *xc);
int xc_domain_getinfo(void *xc, uint32_t first, unsigned int count, void *info);
int xc_domain_getinfo_single(void *xc, uint32_t domain, void *info);
void *xengnttab_open(void *logger, unsigned int flags);
int xengnttab_close(void *gnttab);
int xengnttab_set_max_grants(void *gnttab, uint32_t count);
void *xengnttab_map_grant_ref(void *gnttab, uint32_t domain, uint32_t reference, int protection);
int xengnttab_unmap(void *gnttab, void *start, uint32_t pages);
void *xenevtchn_open(void *logger, unsigned int flags);
void *xenevtchn_fdopen(void *logger, int fd, unsigned int flags);
int xenevtchn_close(void *evtchn);
int xenevtchn_fd(void *evtchn);
int xenevtchn_bind_virq(void *evtchn, unsigned int virq);
int xenevtchn_bind_interdomain(void *evtchn, uint32_t domain, uint32_t port);
int xenevtchn_notify(void *evtchn, uint32_t port);
int xenevtchn_unbind(void *evtchn, uint32_t port);
int xenevtchn_unmask(void *evtchn, uint32_t port);
int xenevtchn_pending(void *evtchn);

void *xc_interface_open(void *logger, void *other_logger, unsigned int flags)
{
	(void)logger, (void)other_logger, (void)flags;
	return &handle;
}

int xc_interface_close(void *xc)
{
	(void)xc;
	return 0;
}

/* Of the flags of a domain, in both structs. */
#define RUNNING (1u << 5)

/* The start of what Xen 4.17's header has. */
struct domain_info {
	uint32_t domain;
	uint32_t label;
	uint32_t flags;
};

/* The start of the hypervisor's own, which is used since 4.18. */
struct single_info {
	uint16_t domain;
	uint16_t padding;
	uint32_t flags;
};

int xc_domain_getinfo(void *xc, uint32_t first, unsigned int count, void *info)
{
	const struct domain_info running = { .domain = first, .flags = RUNNING };

	(void)xc, (void)count;
	memcpy(info, &running, sizeof(running));
	return 1;
}

int xc_domain_getinfo_single(void *xc, uint32_t domain, void *info)
{
	const struct single_info running = { .domain = (uint16_t)domain, .flags = RUNNING };

	(void)xc;
	memcpy(info, &running, sizeof(running));
	return 0;
}

void *xengnttab_open(void *logger, unsigned int flags)
{
	(void)logger, (void)flags;
	return &handle;
}

int xengnttab_close(void *gnttab)
{
	(void)gnttab;
	return 0;
}

int xengnttab_set_max_grants(void *gnttab, uint32_t count)
{
	(void)gnttab, (void)count;
	return 0;
}

void *xengnttab_map_grant_ref(void *gnttab, uint32_t domain, uint32_t reference, int protection)
{
	(void)gnttab, (void)domain, (void)reference, (void)protection;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int xengnttab_unmap(void *gnttab, void *start, uint32_t pages)
{
	(void)gnttab, (void)start, (void)pages;
	return 0;
}

void *xenevtchn_open(void *logger, unsigned int flags)
{
	(void)logger, (void)flags;
	return &handle;
}

void *xenevtchn_fdopen(void *logger, int fd, unsigned int flags)
{
	(void)logger, (void)fd, (void)flags;
	return &handle;
}

int xenevtchn_close(void *evtchn)
{
	(void)evtchn;
	return 0;
}

/* Never readable. */
int xenevtchn_fd(void *evtchn)
{
	static int fd = -1;

	(void)evtchn;
	if (fd < 0)
		fd = eventfd(0, EFD_CLOEXEC);
	return fd;
}

int xenevtchn_bind_virq(void *evtchn, unsigned int virq)
{
	(void)evtchn, (void)virq;
	return 1;
}

int xenevtchn_bind_interdomain(void *evtchn, uint32_t domain, uint32_t port)
{
	(void)evtchn, (void)domain, (void)port;
	return 2;
}

int xenevtchn_notify(void *evtchn, uint32_t port)
{
	(void)evtchn, (void)port;
	return 0;
}

int xenevtchn_unbind(void *evtchn, uint32_t port)
{
	(void)evtchn, (void)port;
	return 0;
}

int xenevtchn_unmask(void *evtchn, uint32_t port)
{
	(void)evtchn, (void)port;
	return 0;
}

int xenevtchn_pending(void *evtchn)
{
	(void)evtchn;
	return -1;
}

/* Where the kernel of domain 0 tells of its port and of the page that it shares with xenstored. */
static int open_in_memory(const char *path)
{
	int fd = -1;

	if (strcmp(path, "/proc/xen/xsd_port") == 0) {
		fd = memfd_create("port", 0);
		if (write(fd, "1", 1) != 1 || lseek(fd, 0, SEEK_SET) != 0)
			return -1;
	}
	if (strcmp(path, "/proc/xen/xsd_kva") == 0 || strcmp(path, "/dev/xen/xsd_kva") == 0) {
		fd = memfd_create("page", 0);
		if (ftruncate(fd, 4096) < 0)
			return -1;
	}
	return fd;
}

int open(const char *path, int flags, ...)
{
	const int fd = open_in_memory(path);
	va_list arguments;
	int mode;

	va_start(arguments, flags);
	mode = va_arg(arguments, int);
	va_end(arguments);
	return fd >= 0 ? fd : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
