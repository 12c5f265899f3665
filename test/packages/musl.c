/* Loads dmfd's library into a program with musl, and has it do something: musl LIBRARY */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	int (*layout)(char *, uint32_t);
	int (*fill)(uint8_t *, uint32_t);
	static char text[65536];
	uint8_t bytes[16] = { 0 };
	static const uint8_t zeros[sizeof(bytes)];
	int result;

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	layout = (int (*)(char *, uint32_t))dlsym(library, "dmfd_layout");
	fill = (int (*)(uint8_t *, uint32_t))dlsym(library, "dmfd_random");
	if (!layout || !fill)
		return 1;
	printf("layout: %d\n%s", layout(text, sizeof(text)), text);
	result = fill(bytes, sizeof(bytes));
	printf("random: %d %s\n", result, memcmp(bytes, zeros, sizeof(bytes)) ? "filled" : "zeros");
	return 0;
}
