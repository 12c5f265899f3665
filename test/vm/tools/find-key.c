/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for a key where it must not be.
 *
 *   find-key KEY-FILE TARGET...
 *
 * A TARGET is a file, or a process id: then every mapping of it that it can write, or that is no file's, is searched. A
 * key is there when 8 of its bytes from one of every 8th are (any 16 of its bytes hold such 8), or 16 hexadecimal
 * digits of them. Prints one line for each target: how many bytes were searched, and "found" with the place, or
 * "clean". Exit: 0 when all are clean, 4 when one is not, 1 on trouble.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_MAX 4096
#define CHUNK 8
#define BLOCK (1u << 20)
/* A match may stand across two blocks. */
#define OVERLAP (2 * CHUNK)

struct needle {
	unsigned char bytes[2 * CHUNK];
	size_t size;
	const char *kind;
};

static struct needle needles[3 * KEY_MAX / CHUNK];
static size_t needle_count;
/* Whether a needle begins with these two bytes. */
static unsigned char begins[65536];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void add(const void *bytes, size_t size, const char *kind)
{
	struct needle *needle = &needles[needle_count++];

	memcpy(needle->bytes, bytes, size);
	needle->size = size;
	needle->kind = kind;
	begins[needle->bytes[0] | needle->bytes[1] << 8] = 1;
}

static void read_key(const char *path)
{
	unsigned char key[KEY_MAX];
	FILE *file = fopen(path, "r");
	size_t size, at, i;
	char hex[2 * CHUNK + 1];

	if (!file)
		fail(path);
	size = fread(key, 1, sizeof(key), file);
	fclose(file);
	for (at = 0; at + CHUNK <= size; at += CHUNK) {
		add(key + at, CHUNK, "bytes");
		for (i = 0; i < CHUNK; i++)
			sprintf(hex + 2 * i, "%02x", key[at + i]);
		add(hex, 2 * CHUNK, "hex");
		for (i = 0; i < 2 * CHUNK; i++)
			hex[i] = (char)toupper(hex[i]);
		add(hex, 2 * CHUNK, "HEX");
	}
}

static const struct needle *match(const unsigned char *at, size_t left)
{
	size_t i;

	for (i = 0; i < needle_count; i++)
		if (needles[i].size <= left && memcmp(at, needles[i].bytes, needles[i].size) == 0)
			return &needles[i];
	return NULL;
}

/* Returns whether it was found; the process may end meanwhile, and some pages cannot be read. */
static int search(int fd, uint64_t from, uint64_t to, const char *where, uint64_t *searched)
{
	static unsigned char block[BLOCK + OVERLAP];

	while (from < to) {
		size_t want = to - from < sizeof(block) ? (size_t)(to - from) : sizeof(block);
		ssize_t got = pread(fd, block, want, (off_t)from);
		ssize_t i;

		if (got <= 0) {
			if (got == 0 || want <= 4096)
				return 0;
			/* Page by page around the one that cannot be read. */
			for (i = 0; (size_t)i < want; i += 4096)
				if (search(fd, from + (uint64_t)i, from + (uint64_t)i + 4096, where, searched))
					return 1;
			from += want;
			continue;
		}
		*searched += (uint64_t)got;
		for (i = 0; i + 1 < got; i++) {
			const struct needle *needle;

			if (!begins[block[i] | block[i + 1] << 8])
				continue;
			needle = match(block + i, (size_t)(got - i));
			if (needle) {
				printf("found %s at %llx of %s\n", needle->kind, (unsigned long long)from + (uint64_t)i,
				       where);
				return 1;
			}
		}
		if (from + (uint64_t)got >= to)
			return 0;
		/* Where less was read, the next page cannot be: what comes after it is read page by page. */
		from += (size_t)got < want ? (uint64_t)got : (uint64_t)got - OVERLAP;
	}
	return 0;
}

static int search_process(const char *pid, uint64_t *searched)
{
	char path[64], line[1024], mode[8], name[512];
	uint64_t from, to, inode;
	int found = 0, fd;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	fd = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "r");
	if (fd < 0 || !maps)
		fail(path);
	while (!found && fgets(line, sizeof(line), maps)) {
		name[0] = '\0';
		if (sscanf(line, "%llx-%llx %7s %*s %*s %llu %511[^\n]", (unsigned long long *)&from,
			   (unsigned long long *)&to, mode, (unsigned long long *)&inode, name) < 4)
			continue;
		/* What is only reserved, Node has gigabytes of. */
		if (!strncmp(mode, "---", 3))
			continue;
		if ((inode == 0 || mode[1] == 'w') && !strstr(name, "[v"))
			found = search(fd, from, to, *name ? name : "anonymous memory", searched);
	}
	fclose(maps);
	close(fd);
	return found;
}

static int search_file(const char *path, uint64_t *searched)
{
	int fd = open(path, O_RDONLY), found;

	if (fd < 0)
		fail(path);
	found = search(fd, 0, INT64_MAX, path, searched);
	close(fd);
	return found;
}

int main(int argc, char **argv)
{
	int i, found, any = 0;

	if (argc < 3)
		return 1;
	read_key(argv[1]);
	for (i = 2; i < argc; i++) {
		uint64_t searched = 0;

		found = isdigit((unsigned char)*argv[i]) ? search_process(argv[i], &searched) :
							   search_file(argv[i], &searched);
		printf("%s %s, %llu bytes\n", argv[i], found ? "has it" : "clean", (unsigned long long)searched);
		any |= found;
	}
	return any ? 4 : 0;
}
