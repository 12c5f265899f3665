// One row is one thing a descriptor can do, with a value that says how it went. The program runs on both
// kinds of descriptor; the scenario compares them, and each with what is right.
#ifndef TEST_ROWS_H
#define TEST_ROWS_H

#include <stdint.h>
#include <sys/types.h>

struct device {
	const char *name;
	dev_t dev;
	char node[32];
	uint64_t bytes;
	int fd;
};

// Prints "ROW<TAB>VALUE".
void row(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The value of a row for a system call that returned `result`: "ok", or the name of errno.
const char *outcome(long result);

void identity_rows(const struct device *device);
void transfer_rows(const struct device *device);
void range_rows(const struct device *device);
void memory_rows(const struct device *device);
void sharing_rows(const struct device *device);
void holder_rows(const struct device *device);
void read_only_rows(const struct device *device);

#endif
