// Moving data: every way to read and write.
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "rows.h"

#define BLOCK 4096

static const char *same(const char *buffer, char fill, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (buffer[i] != fill)
			return "other data";
	return "the data";
}

static void sequential_rows(int fd)
{
	char buffer[BLOCK];
	memset(buffer, 'a', sizeof(buffer));
	row("write", "%zd", write(fd, buffer, sizeof(buffer)));
	row("write-moves", "%lld", (long long)lseek(fd, 0, SEEK_CUR));
	lseek(fd, 0, SEEK_SET);
	memset(buffer, 0, sizeof(buffer));
	row("read", "%zd", read(fd, buffer, sizeof(buffer)));
	row("read-data", "%s", same(buffer, 'a', sizeof(buffer)));
}

static void positioned_rows(int fd)
{
	char buffer[BLOCK];
	memset(buffer, 'b', sizeof(buffer));
	row("pwrite", "%zd", pwrite(fd, buffer, sizeof(buffer), 2 * BLOCK));
	row("pwrite-stays", "%lld", (long long)lseek(fd, 0, SEEK_CUR));
	memset(buffer, 0, sizeof(buffer));
	row("pread", "%zd", pread(fd, buffer, sizeof(buffer), 2 * BLOCK));
	row("pread-data", "%s", same(buffer, 'b', sizeof(buffer)));

	struct iovec parts[] = { { buffer, 1000 }, { buffer + 1000, 24 } };
	row("pwritev", "%zd", pwritev(fd, parts, 2, 3 * BLOCK));
	row("preadv", "%zd", preadv(fd, parts, 2, 3 * BLOCK));
	// The block is in the page cache, so not waiting is possible, if the file allows to ask.
	row("preadv2-nowait", "%zd", preadv2(fd, parts, 2, 3 * BLOCK, RWF_NOWAIT));
}

static void seek_rows(const struct device *device)
{
	int fd = device->fd;
	row("lseek-set", "%lld", (long long)lseek(fd, 12345, SEEK_SET));
	row("lseek-cur", "%lld", (long long)lseek(fd, 5, SEEK_CUR));
	row("lseek-end", "%lld", (long long)lseek(fd, 0, SEEK_END));
	row("lseek-end-negative", "%lld", (long long)lseek(fd, -512, SEEK_END));
	row("lseek-beyond", "%s", outcome(lseek(fd, (off_t)device->bytes + 1, SEEK_SET)));
	row("lseek-before", "%s", outcome(lseek(fd, -1, SEEK_SET)));
	row("lseek-data", "%s", outcome(lseek(fd, 0, SEEK_DATA)));
	row("lseek-hole", "%s", outcome(lseek(fd, 0, SEEK_HOLE)));
	lseek(fd, 0, SEEK_SET);
}

// The device ends in the middle of a page.
static void end_rows(const struct device *device)
{
	char buffer[BLOCK];
	off_t last = (off_t)device->bytes - 512;
	memset(buffer, 'c', sizeof(buffer));
	row("end-write", "%zd", pwrite(device->fd, buffer, 512, last));
	row("end-write-short", "%zd", pwrite(device->fd, buffer, sizeof(buffer), last));
	row("end-write-beyond", "%s", outcome(pwrite(device->fd, buffer, 512, (off_t)device->bytes)));
	row("end-fsync", "%s", outcome(fsync(device->fd)));
	row("end-read", "%zd", pread(device->fd, buffer, sizeof(buffer), last));
	row("end-read-beyond", "%zd", pread(device->fd, buffer, sizeof(buffer), (off_t)device->bytes));
	row("end-data", "%s", same(buffer, 'c', 512));
}

static void direct_rows(int fd)
{
	char *buffer = aligned_alloc(BLOCK, BLOCK);
	int flags = fcntl(fd, F_GETFL);
	if (!buffer)
		abort();
	row("O_DIRECT", "%s", outcome(fcntl(fd, F_SETFL, flags | O_DIRECT)));
	memset(buffer, 'd', BLOCK);
	row("direct-write", "%zd", pwrite(fd, buffer, BLOCK, 4 * BLOCK));
	memset(buffer, 0, BLOCK);
	row("direct-read", "%zd", pread(fd, buffer, BLOCK, 4 * BLOCK));
	row("direct-data", "%s", same(buffer, 'd', BLOCK));
	row("direct-misaligned", "%s", outcome(pread(fd, buffer + 1, BLOCK - 1, 1)));
	row("direct-off", "%s", outcome(fcntl(fd, F_SETFL, flags)));
	memset(buffer, 0, BLOCK);
	row("buffered-read", "%zd", pread(fd, buffer, BLOCK, 4 * BLOCK));
	row("buffered-sees-direct", "%s", same(buffer, 'd', BLOCK));
	free(buffer);
}

static void asynchronous_rows(int fd)
{
	char buffer[BLOCK] = "";
	aio_context_t context = 0;
	struct iocb request = {
		.aio_fildes = (uint32_t)fd,
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_buf = (uintptr_t)buffer,
		.aio_nbytes = sizeof(buffer),
		.aio_offset = 4 * BLOCK,
	};
	struct iocb *requests[] = { &request };
	struct io_event event = { 0 };
	syscall(SYS_io_setup, 1, &context);
	row("aio-submit", "%s", outcome(syscall(SYS_io_submit, context, 1, requests)));
	syscall(SYS_io_getevents, context, 1, 1, &event, NULL);
	row("aio-read", "%lld %s", (long long)event.res, same(buffer, 'd', sizeof(buffer)));
	syscall(SYS_io_destroy, context);
}

static void splice_rows(int fd)
{
	char buffer[BLOCK] = "";
	int ends[2];
	off_t from = 4 * BLOCK;
	off_t to = 5 * BLOCK;
	if (pipe2(ends, O_CLOEXEC) < 0)
		abort();
	row("splice-out", "%zd", splice(fd, &from, ends[1], NULL, BLOCK, 0));
	row("splice-in", "%zd", splice(ends[0], NULL, fd, &to, BLOCK, 0));
	row("splice-read", "%zd", pread(fd, buffer, BLOCK, 5 * BLOCK));
	row("splice-data", "%s", same(buffer, 'd', BLOCK));
	close(ends[0]);
	close(ends[1]);
}

void transfer_rows(const struct device *device)
{
	sequential_rows(device->fd);
	positioned_rows(device->fd);
	seek_rows(device);
	end_rows(device);
	direct_rows(device->fd);
	asynchronous_rows(device->fd);
	splice_rows(device->fd);
}
