# The C programs of the tests: build/test/bin/NAME, the same path in the guest. programs.ts finds them.
test_bin := build/test/bin
test_cflags := -std=c11 -D_GNU_SOURCE= -Wall -Wextra -Werror
# With the native shim's headers, or sources: numbers of 64 bits, as these have.
with_shim := -Inative-shims -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
sanitizers := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all

# For the guest, where the agent runs before there is a root file system: static.
agent := $(test_bin)/agent
tools := $(patsubst test/vm/tools/%.c,$(test_bin)/%,$(filter-out %/shim-driver.c,$(wildcard test/vm/tools/*.c)))
# What tests the kernel series (test/kernel).
series := $(addprefix $(test_bin)/descriptor-,create loop rows stable stress uevents)
# They print what C makes of headers, for the unit test beside them.
printers := $(patsubst test/%.c,$(test_bin)/%,$(filter-out %/sockets.c %/ask.c,$(wildcard test/unit/*/*.c)))
# Around the native shim's own sources.
sanitized := $(test_bin)/shim-driver $(test_bin)/sockets $(test_bin)/ask

# What benchmarks compare with, and their clock.
bench := $(patsubst test/bench/programs/%.c,$(test_bin)/%,$(wildcard test/bench/programs/*.c))

# What lets xenstored run where there is no Xen.
no_hypervisor := $(test_bin)/no-hypervisor.so

# How they are compiled, for C that a unit test writes itself.
compiler := $(test_bin)/compiler

test_programs := $(agent) $(tools) $(series) $(printers) $(sanitized) $(no_hypervisor) $(compiler)

shim_c := $(filter-out native-shims/launcher/%,$(wildcard native-shims/*.c native-shims/*/*.c))
shim_h := $(wildcard native-shims/*.h native-shims/*/*.h)
shim_objects := $(shim_c:native-shims/%.c=build/test/sanitized/%.o)

.PHONY: test-programs bench-programs
test-programs: build-ready $(test_programs) ## the C programs of the tests
bench-programs: build-ready $(bench)

# $(1): what else the compiler is told. Of the prerequisites, headers and what is included are not compiled.
define compile_test_program
@mkdir -p $(@D)
@echo 'CC $@'
@$(CC) $(test_cflags) $(1) -o $@ $(filter test/%.c %.o,$^)
endef

$(test_programs) $(bench): test/programs.mk | build-ready

$(compiler):
	@mkdir -p $(@D)
	@echo '$(CC) $(test_cflags) $(with_shim)' >$@

$(agent): $(wildcard test/vm/agent/*.[ch])
	$(call compile_test_program,-O2 -static)

$(tools): $(test_bin)/%: test/vm/tools/%.c
	$(call compile_test_program,-O2 -static)

$(bench): $(test_bin)/%: test/bench/programs/%.c test/bench/programs/now.h
	$(call compile_test_program,-O2 -static $(with_shim) $(bench_sources))
$(test_bin)/in-shield: bench_sources := native-shims/device/shield.c native-shims/clone.c
$(test_bin)/in-shield: native-shims/device/shield.c native-shims/clone.c $(shim_h)
$(test_bin)/shim-alone: bench_sources := $(shim_c)
$(test_bin)/shim-alone: $(shim_c) $(shim_h)

$(no_hypervisor): test/xen/no-hypervisor.c
	$(call compile_test_program,-O2 -fPIC -shared)

$(series): test/kernel/programs/dm.c $(wildcard test/kernel/programs/*.h)
	$(call compile_test_program,-O2 -pthread)
$(filter-out %-rows,$(series)): $(test_bin)/descriptor-%: test/kernel/programs/%.c
$(test_bin)/descriptor-rows: $(wildcard test/kernel/programs/rows/*.[ch])

$(printers): $(test_bin)/%: test/%.c $(shim_h) $(shim_c)
	$(call compile_test_program,-O2 $(with_shim))

$(sanitized): $(shim_objects) $(shim_h)
	$(call compile_test_program,$(sanitizers) -pthread $(with_shim) $(and $(findstring /ask,$@),$(asking)))
# With the launcher's own half of what it says to the service, which is somewhere else here, and may be slower.
asking := -DDMFD_LAUNCHER_SOCKET='"launcher.sock"' -DDMFD_PATIENCE=4000 $(addprefix native-shims/launcher/,ask.c obey.c wait.c)
$(test_bin)/ask: test/unit/native-shims/ask.c $(filter %.c,$(asking))
$(test_bin)/shim-driver: test/vm/tools/shim-driver.c
$(test_bin)/sockets: $(wildcard test/unit/*/sockets.c)

# The same for arm64, static, where they need no sanitizer. They run emulated.
arm64_bin := build/test/arm64
arm64_programs := $(printers:$(test_bin)/%=$(arm64_bin)/%) $(arm64_bin)/sockets $(arm64_bin)/ask

.PHONY: test-programs-arm64
test-programs-arm64: build-ready $(arm64_programs)

$(arm64_programs): CC := aarch64-linux-gnu-gcc
$(arm64_programs): test/programs.mk | build-ready
$(filter-out %/sockets %/ask,$(arm64_programs)): $(arm64_bin)/%: test/%.c $(shim_h) $(shim_c)
	$(call compile_test_program,-O2 -static $(with_shim))
$(arm64_bin)/sockets: $(wildcard test/unit/*/sockets.c) $(shim_c) $(shim_h)
	$(call compile_test_program,-O2 -static -pthread $(with_shim) $(shim_c))
$(arm64_bin)/ask: test/unit/native-shims/ask.c $(filter %.c,$(asking)) $(shim_c) $(shim_h)
	$(call compile_test_program,-O2 -static -pthread $(with_shim) $(asking) $(shim_c))

$(shim_objects): build/test/sanitized/%.o: native-shims/%.c $(shim_h) test/programs.mk | build-ready
	@mkdir -p $(@D)
	@echo 'CC $@'
	@$(CC) $(test_cflags) $(sanitizers) $(with_shim) -c -o $@ $<
