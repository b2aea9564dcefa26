# The index of what can be done here. Each line calls one thing; nothing is hidden in it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

TOOLS := ecr-push ecs-deploy net-audit scan-gate tfstate-lock
BIN := target/debug

# What is built for others, and where it goes: cargo's profile and target (none: of this machine), and folders, which may have any name.
PROFILE ?= release
TARGET ?=
PREFIX ?= /usr/local
DESTDIR ?=
DIST ?= target/dist
export PREFIX DESTDIR DIST
BUILT := target/$(if $(TARGET),$(TARGET)/)$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
PROGRAMS := $(TOOLS:%=$(BUILT)/%)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## watch an image being gated, pushed and rolled out on a local AWS
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo/demo.sh

.PHONY: demo-loop
demo-loop: build ## watch Prometheus and Alertmanager stop a canary that answers badly
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo/loop.sh

.PHONY: demo-alarms
demo-alarms: build ## watch CloudWatch alarms do the same, by a check and by ECS itself
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo/alarms.sh

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

# Built only if it is older than what it is made of: `sudo make install` behind `make build-release` builds nothing as root.
$(PROGRAMS): Cargo.toml Cargo.lock $(shell find contract $(TOOLS) -path '*/src/*' -type f -o -path '*/Cargo.toml' -not -path '*/fuzz/*')
	@cargo build --workspace --bins --profile $(PROFILE) $(if $(TARGET),--target $(TARGET))
	@touch $(PROGRAMS)

.PHONY: build-release
build-release: $(PROGRAMS) ## build what install, archive and image take: optimised, or with PROFILE=dev

.PHONY: install
install: $(PROGRAMS) ## install tools, man pages and completions below PREFIX (/usr/local), or below DESTDIR and PREFIX
	@.ci/install $(BUILT) $(TOOLS)

.PHONY: uninstall
uninstall: ## remove what install put there
	@.ci/install --remove $(TOOLS)

.PHONY: archive
archive: $(PROGRAMS) ## write the release archive and its checksum into DIST (target/dist)
	@.ci/archive $(BUILT) "$$DIST" $(or $(TARGET),$$(rustc -vV | sed -n 's/^host: //p')) $(TOOLS)

.PHONY: image
image: $(PROGRAMS) ## write an image of the tools into DIST/image, without Docker: an OCI layout, for ecr-push
	@.ci/image $(BUILT) "$$DIST/image" $(TOOLS)

.PHONY: clean
clean: ## remove what was built
	@cargo clean
