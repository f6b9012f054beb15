# Two commands to begin with: `make run` and `make test`. What each needs is in README.md.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
PREFIX   ?= /usr/local
FUZZTIME ?= 30s

# The tag leaves the documentation generator out of the command line library: it would cost every
# start. No VCS stamp: git refuses to answer root about a tree that belongs to somebody else.
export CGO_ENABLED := 0
TAGS    := urfave_cli_no_docs
GOBUILD := go build -trimpath -buildvcs=false -tags $(TAGS) -ldflags "-s -w -X main.version=$(VERSION)"

# Containers need root; so do the tests that make some.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.DEFAULT_GOAL := help
.PHONY: help build run test test-root test-vm test-vagrant test-arm64 race lint fuzz bench install clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build bin/lab, one static program, and the small one that stays beside detached containers
	$(GOBUILD) -o bin/lab ./cmd/lab
	$(GOBUILD) -o bin/lab-monitor ./cmd/lab-monitor

run: build ## Build lab and start a container from the embedded image (CMD="ls /" runs that in it)
	@tty=; if [ -t 0 ] && [ -t 1 ]; then tty=-it; fi; set -x; $(SUDO) bin/lab run --rm $$tty box $(CMD)

test: build ## Run every test, those that need root as root (RUN=name, PKG=./pkg/ns/... for fewer)
	@TAGS=$(TAGS) .ci/test $(or $(PKG),./...) $(if $(RUN),-run '$(RUN)')

test-root: export LAB_REQUIRE_ROOT = 1
test-root: test ## The same, and what this machine cannot test is an error

test-vm: ## Run the tests in a virtual machine with cgroup v2 alone (PKG=./pkg/cgroup/, RUN=name; needs debvm and qemu, no root)
	@TAGS=$(TAGS) vm/run vm/test $(or $(PKG),./...) $(if $(RUN),-run '$(RUN)')

test-vagrant: ## Run the tests as a learner does: vagrant up, vagrant ssh -c 'make test' (needs vagrant-libvirt; PKG=./pkg/ns/)
	$(SUDO) env PATH="$$PATH" TAGS=$(TAGS) vm/vagrant-up 'make test$(if $(PKG), PKG=$(PKG))$(if $(RUN), RUN=$(RUN))'

test-arm64: ## Run what can be of the tests for arm64 under QEMU's user mode (needs qemu-user-static)
	@TAGS=$(TAGS) .ci/arm64

race: ## Run the stress test of the fork with the race detector (needs gcc)
	CGO_ENABLED=1 GOGC=5 go test -race -count=1 ./internal/kernel ./internal/store

lint: ## Check format, vet and staticcheck, for amd64 and arm64, and the shell scripts
	@TAGS=$(TAGS) .ci/lint

fuzz: ## Fuzz every Fuzz function for FUZZTIME (30s) each
	@grep -rl --include='*_test.go' '^func Fuzz' cmd internal pkg | xargs -r -n1 dirname | sort -u | while read -r dir; do \
		go test -tags $(TAGS) -list '^Fuzz' "./$$dir" | { grep '^Fuzz' || true; } | while read -r name; do \
			echo "$$dir $$name"; \
			go test -tags $(TAGS) -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x "./$$dir" < /dev/null; \
		done; \
	done

bench: build ## Measure lab beside the engines installed here (ARGS="-n 40 start" for one case)
	bench/run $(ARGS)

install: build ## Install lab below PREFIX (/usr/local)
	$(if $(DESTDIR),,$(SUDO)) install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin bin/lab bin/lab-monitor

clean: ## Remove what was built (measurements in bench/out stay)
	rm -rf bin
