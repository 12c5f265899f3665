# What a person or CI does with dmfd. Every target installs what it needs (as root, with apt and npm) or says what
# is missing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

bin := node_modules/.bin
dependencies := node_modules/.package-lock.json
shim := native-shims/build/libdmfd.so
compiled := build/.compiled
compiled_tests := build/test/.compiled
c_files := $(shell find native-shims test -name '*.[ch]' -not -path '*/build/*')
shell_files := $(shell grep -rlE '^.!/.*\<(ba)?sh$$' .ci bin test)
sources := $(shell find src -name '*.ts')
test_sources := $(shell find test -name '*.ts')
shim_sources := $(wildcard native-shims/*.[ch] native-shims/*/*.[ch] native-shims/Makefile)

# Which kernels `make test` boots, and how much of the SIGKILL sweep it runs; test-all takes everything.
test_kernels := debian-6.1 debian-6.12 dmfd-6.1 liar-6.1
all_kernels := $(test_kernels) dmfd-6.12
built = $(filter-out debian-%,$(1))

.PHONY: help
help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: build
build: $(compiled) $(shim) ## compile the library, the command and the native shim

.PHONY: demo
demo: vm-ready ## show the main job on a real kernel, in a virtual machine
	node build/test/vm/demo/main.js

.PHONY: test
test: lint vm-ready ## lint, types, and all tests on every kernel of the default set
	test/kernel/build.sh $(call built,$(test_kernels))
	DMFD_VM_KERNELS="$(test_kernels)" test/vm/run-tests.sh

.PHONY: test-all
test-all: lint vm-ready ## as test, on more kernels, every point of the SIGKILL sweep, and the tests of the harness
	test/kernel/build.sh $(call built,$(all_kernels))
	DMFD_TEST_ALL=1 DMFD_VM_KERNELS="$(all_kernels)" test/vm/run-tests.sh

.PHONY: test-unit
test-unit: build-ready build test-programs ## the tests that need no kernel
	test/vm/run-tests.sh --project unit

.PHONY: test-vm
test-vm: vm-ready ## the tests in the virtual machine; KERNEL=debian-6.12 for one kernel, FILE=hold for one file
	DMFD_VM_KERNELS="$(or $(KERNEL),$(test_kernels))" test/vm/run-tests.sh \
		$(foreach kernel,$(or $(KERNEL),$(test_kernels)),--project $(kernel) --project systemd-$(kernel)) $(FILE)

.PHONY: kernel
kernel: ## build the patched kernels into the cache (about 6 minutes each)
	@test/prerequisites.sh build kernel
	test/kernel/build.sh $(call built,$(all_kernels))

.PHONY: lint
lint: lint-ready build $(compiled_tests) ## formatting, lint and types of TypeScript, C and shell, and the C analyzer
	$(bin)/biome check
	@$(bin)/clang-format --dry-run -Werror $(c_files)
	@shellcheck $(shell_files)
	$(MAKE) --no-print-directory -C native-shims analyze

.PHONY: bench
bench: vm-ready ## what dmfd costs, as ratios between commands; KERNEL= and ROUNDS= to choose
	node build/test/bench/main.js

.PHONY: vm
vm: vm-ready ## a shell in the virtual machine; KERNEL=debian-6.1 for another kernel, SYSTEMD=1, RUN='dmfd probe' for one line
	@KERNEL="$(KERNEL)" SYSTEMD="$(SYSTEMD)" node build/test/vm/shell.js
# As it was typed: what has a $ in it is for the guest's shell, and not for make.
vm: override export RUN := $(value RUN)

.PHONY: clean
clean: ## remove what was built (downloads and kernels stay in the cache)
	rm -rf build dist coverage
	$(MAKE) --no-print-directory -C native-shims clean

.PHONY: build-ready lint-ready vm-ready
build-ready:
	@test/prerequisites.sh build
lint-ready: build-ready
	@test/prerequisites.sh lint
vm-ready: build-ready build $(compiled_tests) test-programs
	@test/prerequisites.sh all kernel

# Prerequisites come first: a compiler may have to be installed before anything can be built.
$(dependencies): package.json package-lock.json | build-ready
	@# Not "npm ci": it refuses a lockfile without the packages for other platforms, which a registry mirror may lack.
	npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(compiled): $(sources) tsconfig.json $(dependencies) Makefile
	$(bin)/tsc -p .
	@# One small file for the command: reading sixty costs as much start-up as Node's own, and compiling long names costs more.
	$(bin)/rolldown dist/cli/main.js --file dist/command/dmfd.cjs --format cjs --platform node \
		--external ora --external ffi-rs --log-level warn --minify
	@mkdir -p $(@D)
	@touch $@

$(shim): $(shim_sources) | build-ready
	$(MAKE) --no-print-directory -C native-shims

$(compiled_tests): $(test_sources) test/tsconfig.json $(compiled)
	$(bin)/tsc -p test
	@touch $@

include test/programs.mk
