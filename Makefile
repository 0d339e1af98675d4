# One command for each thing. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help demo quick test soak bench header book lint release-check illumos-check host-check host-check-vm tools install install-python
PREFIX ?= /usr/local
DESTDIR ?=
LIBDIR ?=
PYTHON ?= python3

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## build, then create, list and destroy a zone on a simulated machine
	@tests/demo

quick: ## fmt, clippy and the Rust tests, in process (3 minutes warm)
	@tests/run fmt clippy rust

test: ## everything: Rust, C, Python, documentation (20 minutes cold on 2 cores)
	@tests/run fmt clippy rust docs build pages clients ansible packaging c python sdist illumos

soak: ## what takes too long for each change: many kills, long fuzzing, comparisons
	@tests/run soak

bench: ## the benches, and the side-by-side comparisons
	cargo bench

header: ## update include/zmgr.h from the C library
	UPDATE_HEADER=1 cargo test -q -p zmgr-c --test header

book: ## the documentation as HTML, below target/book/html
	@tests/tools
	@tests/book

lint: ## what CI refuses: formatting, clippy, Python types
	@tests/run fmt clippy types

release-check: ## what a release must pass: crates, wheel, API and ABI against the last tag; publishes nothing
	@tests/release

illumos-check: ## type check for illumos, no link (rustup brings its standard library)
	@tests/run illumos

host-check: ## certify this illumos host, read-only; more with ARGS="--install BRAND PARENT"
	@cargo build -q --release -p zmgr-cli
	@packaging/host-check --zmgr target/release/zmgr $(ARGS)

host-check-vm: ## the same in QEMU, with all changes: make host-check-vm IMAGE=FILE ARGS="--password SECRET"
	@test -n "$(IMAGE)" || { echo 'usage: make host-check-vm IMAGE=FILE [ARGS="OPTIONS"]' >&2; exit 2; }
	@packaging/host-check-vm "$(IMAGE)" $(ARGS)

tools: ## the pinned tools that the tests need, below target/tools
	@tests/tools

install: ## library, header, zmgr.pc, CLI, man pages: make install DESTDIR= PREFIX= (FLEET=0: no network code)
	@bindings/install "$(DESTDIR)" "$(PREFIX)" "$(LIBDIR)"

install-python: ## Python module: make install-python DESTDIR= PREFIX= PYTHON=
	@bindings/install-python "$(DESTDIR)" "$(PREFIX)" "$(PYTHON)"
