/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that has to be swapped out, and must come back as it was.
 *
 *   swap-out MEBIBYTES TEXT
 *
 * Fills that much memory with pages that each begin with TEXT and the page's number and go on with what is not alike on
 * any two pages, prints "filled", waits for a line or the end of its input, reads all of it again, and prints "intact",
 * or the first page that differs and exits with 4.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096

static void fill(char *page, const char *text, size_t number)
{
	uint64_t *words = (uint64_t *)page, state = number + 1;
	size_t i;

	for (i = 0; i < PAGE / sizeof(*words); i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		words[i] = state;
	}
	snprintf(page, 128, "%s %zu", text, number);
}

int main(int argc, char **argv)
{
	size_t pages = argc == 3 ? strtoul(argv[1], NULL, 10) * 256 : 0, i;
	char *memory = aligned_alloc(PAGE, pages ? pages * PAGE : PAGE), expected[PAGE];

	if (!pages || !memory)
		return 1;
	for (i = 0; i < pages; i++)
		fill(memory + i * PAGE, argv[2], i);
	puts("filled");
	fflush(stdout);
	getchar();
	for (i = 0; i < pages; i++) {
		fill(expected, argv[2], i);
		if (memcmp(memory + i * PAGE, expected, PAGE) != 0) {
			printf("page %zu differs\n", i);
			return 4;
		}
	}
	puts("intact");
	return 0;
}
