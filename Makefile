# The index of what can be done here. Each line calls one thing; nothing is hidden in it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

TOOLS := ecr-push ecs-deploy net-audit scan-gate tfstate-lock
PREFIX ?= /usr/local
DESTDIR ?=
BIN := target/debug
RELEASE := target/release

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## watch an image being gated, pushed and rolled out on a local AWS
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo/demo.sh

.PHONY: test
test: ## run every test this machine can run, and list what it could not
	@cargo test --workspace
	@$(BIN)/local-aws peers

.PHONY: build
build: ## build the tools and the local AWS
	@cargo build --workspace --bins

.PHONY: fmt
fmt: ## format the code
	@cargo fmt --all

.PHONY: fmt-check
fmt-check: ## check the format
	@cargo fmt --all --check

.PHONY: lint
lint: ## clippy, warnings denied
	@cargo clippy --workspace --all-targets -- -D warnings

.PHONY: bench
bench: ## measure scan-gate on a large report against jq
	@cargo build --release --package scan-gate
	@scan-gate/benches/large_report.sh

.PHONY: bench-push
bench-push: ## measure ecr-push against skopeo, docker-registry and cat; takes some minutes and 6 GB below target
	@cargo build --release --package ecr-push --package testkit
	@ecr-push/benches/push.sh

.PHONY: bench-deploy
bench-deploy: ## measure ecs-deploy against fabfuel's ecs-deploy and the AWS CLI, which it installs below target; takes three minutes
	@cargo build --release --package ecs-deploy --package testkit
	@ecs-deploy/benches/deploy.sh

.PHONY: bench-audit
bench-audit: ## measure net-audit on an estate of 1,000 VPCs, and live against prowler, which it installs below target (2.3 GB); takes minutes
	@cargo build --release --package net-audit
	@net-audit/benches/estate.sh
	@net-audit/benches/live.sh

.PHONY: bench-lock
bench-lock: ## measure tfstate-lock against terraform's own lock, and 64 contenders with 10,000 hand-overs; takes ten minutes
	@cargo build --release --package tfstate-lock --package testkit
	@tfstate-lock/benches/lock.sh
	@tfstate-lock/benches/contenders.sh

.PHONY: deny
deny: ## licences, sources and doubled versions of the dependencies
	@cargo deny --workspace check bans licenses sources

.PHONY: schemas
schemas: build ## write docs/schemas
	@for tool in $(TOOLS); do $(BIN)/$$tool --schema > docs/schemas/$$tool.json; done

.PHONY: schemas-check
schemas-check: build ## check that docs/schemas is what the tools say
	@for tool in $(TOOLS); do diff -u docs/schemas/$$tool.json <($(BIN)/$$tool --schema); done

.PHONY: ci
ci: ## the whole gate, as CI runs it
	@.ci/run

.PHONY: install
install: ## build optimised and install tools, man pages and completions below PREFIX
	cargo build --release --workspace --bins
	for tool in $(TOOLS); do \
	  install -D $(RELEASE)/$$tool "$(DESTDIR)$(PREFIX)/bin/$$tool"; \
	  install -D -m 644 <($(RELEASE)/$$tool --generate man) "$(DESTDIR)$(PREFIX)/share/man/man1/$$tool.1"; \
	  install -D -m 644 <($(RELEASE)/$$tool --generate bash) "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$tool"; \
	  install -D -m 644 <($(RELEASE)/$$tool --generate zsh) "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_$$tool"; \
	  install -D -m 644 <($(RELEASE)/$$tool --generate fish) "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/$$tool.fish"; \
	done

.PHONY: clean
clean: ## remove what was built
	@cargo clean
