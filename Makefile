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
c_files := $(shell find native-shims packaging test -name '*.[ch]' -not -path '*/build/*')
shell_files := $(shell grep -rlE '^.!/.*\<(ba)?sh$$' .ci bin packaging test)
sources := $(shell find src -name '*.ts')
test_sources := $(shell find test -name '*.ts')
shim_sources := $(wildcard native-shims/*.[ch] native-shims/*/*.[ch] native-shims/Makefile)

# Which kernels `make test` boots; test/vm/default-set.ts says what each runs.
test_kernels := debian-6.1 debian-6.12 debian-latest dmfd-6.1 liar-6.1
# The first beside all the others, two at a time.
all_kernels := debian-6.12 debian-5.10 debian-latest dmfd-6.1 debian-6.1 dmfd-6.12 liar-6.1
soaked_kernels := debian-6.12 debian-latest
# The majors of Node that dmfd is for. The newest of each comes from the npm registry, into the cache.
nodes := 20 22 24 26
built = $(filter-out debian-%,$(1))

.PHONY: help
help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: build
build: $(compiled) $(shim) ## compile the library, the command and the native shim

.PHONY: demo
demo: vm-ready ## show the main job on a real kernel, in a virtual machine
	node build/test/vm/demo/main.js

.PHONY: demo-picture
demo-picture: vm-ready ## docs/demo.svg, of a run of the demo
	node build/test/vm/demo/main.js | node build/test/vm/demo/draw.js >build/demo.svg
	@mv build/demo.svg docs/demo.svg

.PHONY: test
test: test-ready ## lint, types, and all tests on every kernel of the default set
	@$(MAKE) --no-print-directory vm-ready package
	test/kernel/build.sh $(call built,$(test_kernels))
	DMFD_VM_KERNELS="$(test_kernels)" test/vm/run-tests.sh

.PHONY: test-all
test-all: test-ready ## as test, with everything on 6.12, and on 5.10; the whole SIGKILL sweep, each Node, arm64, Xen, and a minimal Debian 12 and 13
	@$(MAKE) --no-print-directory vm-ready package test-programs-arm64 build/patient/dmfd
	@test/prerequisites.sh roots arm64 tools
	test/kernel/build.sh $(call built,$(all_kernels))
	DMFD_TEST_ALL=1 DMFD_TEST_NODES="$(nodes)" DMFD_VM_KERNELS="$(all_kernels)" test/vm/run-tests.sh

.PHONY: test-unit
test-unit: unit-ready build test-programs ## the tests that need no kernel
	test/vm/run-tests.sh --project unit

.PHONY: test-node
test-node: unit-ready build test-programs ## the tests that need no kernel, on each Node that dmfd is for
	DMFD_TEST_NODES="$(nodes)" test/vm/run-tests.sh --project unit

.PHONY: test-vm
test-vm: vm-ready package ## the tests in the virtual machine; KERNEL=debian-6.12 for one kernel, FILE=hold for one file
	DMFD_VM_KERNELS="$(or $(KERNEL),$(test_kernels))" test/vm/run-tests.sh \
		$(foreach kernel,$(or $(KERNEL),$(test_kernels)),--project $(kernel) --project systemd-$(kernel)) $(FILE)

.PHONY: test-xen
test-xen: vm-ready completions build/patient/dmfd ## Xen's hotplug script in a real domain 0
	DMFD_TEST_XEN=1 test/vm/run-tests.sh --project xen

.PHONY: soak
soak: vm-ready ## ten thousand creations beside random kills, udev and a stranger, half of them on each of two kernels; more than an hour
	DMFD_SOAK=5000 DMFD_VM_KERNELS="$(soaked_kernels)" DMFD_TEST_ALL=1 node_modules/.bin/vitest run \
		--config test/vitest.config.ts $(addprefix --project ,$(soaked_kernels)) soak

.PHONY: test-package
test-package: vm-ready package ## install what `package` makes in empty prefixes, and run the main job from there
	DMFD_VM_KERNELS=debian-latest test/vm/run-tests.sh --project debian-latest package

.PHONY: kernel
kernel: ## build the patched kernels into the cache (about 6 minutes each)
	@test/prerequisites.sh build kernel
	test/kernel/build.sh $(call built,$(all_kernels))

.PHONY: lint
lint: lint-ready build $(compiled_tests) ## formatting, lint and types of TypeScript, C, shell and man pages, and the C analyzer
	$(bin)/biome check
	@$(bin)/clang-format --dry-run -Werror $(c_files)
	@shellcheck $(shell_files)
	@mandoc -Tlint -W warning man/*.8
	@# What npm would publish, without the binaries. The library is for import alone.
	@rm -rf build/lint && mkdir -p build/lint && npm pack --ignore-scripts --silent --pack-destination build/lint >/dev/null
	$(bin)/publint --strict build/lint/*.tgz
	$(bin)/attw --profile esm-only --quiet build/lint/*.tgz
	$(MAKE) --no-print-directory -C native-shims analyze

.PHONY: bench
bench: vm-ready bench-programs build/patient/dmfd ## what dmfd costs, against what it replaces: docs/performance; ROUNDS=3 or ONLY=batch for less, in build/bench.json alone
	KERNEL="$(KERNEL)" ROUNDS="$(ROUNDS)" ONLY="$(ONLY)" node build/test/bench/main.js
	@[ ! -d docs/performance ] || $(bin)/biome format --write docs/performance

.PHONY: bench-xen
bench-xen: vm-ready build/patient/dmfd ## twelve disks of Xen at once, by Xen's own hotplug script, by dmfd, and with its service; PEER=, ROUNDS= and KILLS= to choose
	@packages=$$(test/xen/fetch.sh) && KERNEL=debian-6.1 XEN=1 \
		RUN="$(CURDIR)/test/xen/bench.sh $(CURDIR)/build/patient/dmfd $$packages $(or $(ROUNDS),3) $(or $(KILLS),20) $(PEER)" node build/test/vm/shell.js

# In emulation, the service takes longer to answer than a launcher waits on a real machine.
build/patient/dmfd: $(shim_sources)
	@$(MAKE) --no-print-directory -C native-shims BUILD=../build/patient CPPFLAGS=-DDMFD_PATIENCE=20000 ../build/patient/dmfd

.PHONY: vm
vm: vm-ready ## a shell in the virtual machine; KERNEL=debian-6.1 for another kernel, SYSTEMD=1, XEN=1, RUN='dmfd probe' for one line
	@KERNEL="$(KERNEL)" SYSTEMD="$(SYSTEMD)" XEN="$(XEN)" node build/test/vm/shell.js
# As it was typed: what has a $ in it is for the guest's shell, and not for make.
vm: override export RUN := $(value RUN)

# Every architecture that the npm package has binaries for, as uname -m names it, with its compiler.
prebuilt_for := x86_64 aarch64
.PHONY: prebuilt $(prebuilt_for:%=prebuilt-%)
prebuilt: build $(prebuilt_for:%=prebuilt-%) ## the binaries of the packages, for all architectures
	@packaging/c-library-notices.sh $(prebuilt_for) >prebuilt/THIRD-PARTY-NOTICES
	@cd prebuilt && sha256sum */* >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS
	@# npm packs them with the modes that they have, from the umask of who checked this out.
	@chmod -R u+rwX,go=rX bin man dist prebuilt README.md LICENSE CHANGELOG.md package.json
$(prebuilt_for:%=prebuilt-%): prebuilt-%: build-ready
	@test/prerequisites.sh package
	@$(MAKE) --no-print-directory -C native-shims PORTABLE=1 BUILD=../build/prebuilt/$* CC=$*-linux-gnu-gcc CFLAGS=-O2 all versions
	@packaging/check-binaries.sh build/prebuilt/$*
	@install -D -t prebuilt/$* build/prebuilt/$*/dmfd build/prebuilt/$*/libdmfd.so

.PHONY: package
package: prebuilt completions ## the npm package and the Debian packages, in build/packages
	@rm -rf build/packages && mkdir -p build/packages
	@npm pack --ignore-scripts --silent --pack-destination build/packages
	packaging/debian.sh arm64 build/packages & packaging/debian.sh amd64 build/packages || { wait; exit 1; }; wait $$!

.PHONY: completions
completions: build ## what bash, zsh and fish know of dmfd's words, made of the definitions of its commands
	@node packaging/completions.mjs build/completions

.PHONY: reference
reference: build ## docs/reference.md: what the library exports, with the comments of the source
	@node packaging/library-reference.mjs | $(bin)/biome format --stdin-file-path=reference.md >build/reference.md
	@mv build/reference.md docs/reference.md

PREFIX ?= /usr/local
.PHONY: install uninstall
install: completions ## install for this machine; PREFIX= and DESTDIR= say where
	packaging/install.sh "$(DESTDIR)" "$(PREFIX)" native-shims/build node_modules
uninstall: ## remove what install has put there
	packaging/uninstall.sh "$(DESTDIR)" "$(PREFIX)"

.PHONY: clean
clean: ## remove what was built (downloads and kernels stay in the cache)
	rm -rf build dist prebuilt coverage
	$(MAKE) --no-print-directory -C native-shims clean

.PHONY: build-ready lint-ready unit-ready vm-ready test-ready
build-ready:
	@test/prerequisites.sh build
lint-ready: build-ready
	@test/prerequisites.sh lint
unit-ready: build-ready
	@test/prerequisites.sh unit
vm-ready: build-ready build $(compiled_tests) test-programs
	@test/prerequisites.sh all kernel
# The C programs are compiled beside what lint does. What both need of apt is there by then, for they are two makes.
test-ready: lint-ready unit-ready
	@$(MAKE) --no-print-directory -j$$(nproc) test-programs & $(MAKE) --no-print-directory lint || { wait; exit 1; }; wait $$!

# Prerequisites come first: a compiler may have to be installed before anything can be built.
$(dependencies): package.json package-lock.json | build-ready
	@# Not "npm ci": it refuses a lockfile without the packages for other platforms, which a registry mirror may lack.
	npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(compiled): $(sources) tsconfig.json $(dependencies) packaging/types.json packaging/bundle.config.mjs packaging/notices.mjs bin/dmfd.js bin/compile.js Makefile | $(shim)
	rm -rf dist
	$(bin)/tsc -p .
	$(bin)/tsc -p packaging/types.json
	$(bin)/rolldown --config packaging/bundle.config.mjs --log-level warn
	node bin/compile.js
	@mkdir -p $(@D)
	@touch $@

$(shim): $(shim_sources) | build-ready
	$(MAKE) --no-print-directory -C native-shims

$(compiled_tests): $(test_sources) test/tsconfig.json $(compiled)
	$(bin)/tsc -p test
	@touch $@

include test/programs.mk
