# The front door. Everything it does is a few commands of CMake and of tools/.
PRESET ?= release
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
PYTHON := $(if $(wildcard /usr/bin/python3),/usr/bin/python3,python3)
CTEST := ctest --output-on-failure -j$(JOBS) --no-tests=error
# One build at a time in a checkout: two would write the same files.
BUILD = mkdir -p build && $(if $(shell command -v flock),flock build/.lock) sh -c \
	'cmake --preset $(1) $(2) >/dev/null && cmake --build --preset $(1) -j$(JOBS)'

.PHONY: build demo test test-slow test-tsan lint format bench fuzz coverage new install clean \
        setup setup-core setup-test setup-lint help

build: setup-core ## the release build (PRESET=dev for another)
	@$(call BUILD,$(PRESET),)

demo: build ## build, then a guided first run
	@bash tools/demo.sh

test: setup-test ## all but the slow tests, under sanitizers (ARGS='-R name' for some)
	@$(call BUILD,dev,)
	$(CTEST) --test-dir build/dev -LE '^slow$$' $(ARGS)

test-slow: setup-test ## every test, slow ones too, in the release build
	@$(call BUILD,release,-DVOUCH_TESTS=ON)
	$(CTEST) --test-dir build/release $(ARGS)

test-tsan: setup-test ## all but the slow tests, under the thread sanitizer
	@$(call BUILD,tsan,)
	$(CTEST) --test-dir build/tsan -LE '^slow$$' $(ARGS)

lint: setup ## layers, style, format, clang-tidy, shellcheck, symbols
	@$(call BUILD,release,)
	PYTHON=$(PYTHON) bash tools/lint.sh build/release

format: setup-lint ## rewrite the sources with clang-format
	@bash tools/sources.sh | xargs -0 -r clang-format -i

bench: build ## every benchmark script
	@for script in bench/*.sh; do [ ! -f "$$script" ] || bash "$$script" || exit 1; done

bench-%: build ## one benchmark: bench/NAME.sh or build/release/bench/NAME
	@if [ -f bench/$*.sh ]; then bash bench/$*.sh $(ARGS); \
	elif [ -x build/release/bench/$* ]; then build/release/bench/$* $(ARGS); \
	else echo "no bench/$*.sh and no bench/$*.c" >&2; exit 1; fi

fuzz: setup ## each fuzz target for FUZZ_SECONDS (default 60)
	@$(call BUILD,fuzz,)
	bash tools/fuzz.sh build/fuzz $(FUZZ_SECONDS)

coverage: setup ## line coverage of src/, in build/coverage/summary.txt
	@$(call BUILD,coverage,)
	bash tools/coverage.sh build/coverage

new: ## a new component: make new KIND=op NAME=Foo (other KINDs: docs/howto/README.md)
	@$(PYTHON) tools/new.py '$(KIND)' '$(NAME)'

install: build ## install under PREFIX (default /usr/local)
	cmake --install build/release --prefix $(PREFIX)

clean: ## remove the build folder
	rm -rf build

setup: ## install every missing Debian package
	@bash tools/setup.sh

setup-core:
	@bash tools/setup.sh core

setup-test:
	@bash tools/setup.sh core test

setup-lint:
	@bash tools/setup.sh lint

help: ## this list
	@sed -nE 's/^([a-z%-]+):[^#]*## (.*)/\1\t\2/p' Makefile | expand -t 12
