# The few commands people type. `make` shows them.
.DEFAULT_GOAL := help
.PHONY: help demo test up down bench corpus simulate deploy unit lint e2e
SHELL := /bin/bash

VENV ?= .venv
PYTHON := $(VENV)/bin/python
# cargo-lambda names the host as its target; naming it here too lets build, tests and `sam build` share one cache.
HOST := $(shell rustc -vV | sed -n 's/^host: //p')
export CARGO_BUILD_TARGET ?= $(HOST)
# The same value that cargo-lambda sets (see Cargo.toml): another one would build AWS-LC and all above it anew.
export AWS_LC_SYS_NO_JITTER_ENTROPY := 1
export CARGO_TERM_COLOR ?= auto
GATEWAY := $(or $(CARGO_TARGET_DIR),target)/$(CARGO_BUILD_TARGET)/debug/local-aws-gateway
DEMO_ARGS ?=

help: ## This list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: up ## Vends an account of each AI type on the embedded AWS and shows each step (DEMO_ARGS=--json for JSON)
	@cargo run --locked --quiet --package tests --bin demo -- $(DEMO_ARGS)

test: lint unit e2e ## Everything: format, lints, unit, contract, topology, template and end-to-end tests

up: $(VENV)/.ready ## Starts the embedded AWS, builds and deploys the suite into it, writes .local/outputs.json
	@cargo build --locked --quiet --package local-aws-gateway >&2
	@$(PYTHON) tests/local-aws/local_aws.py up --gateway $(GATEWAY) >&2

down: ## Stops what `make up` started
	@if [ -x $(PYTHON) ]; then $(PYTHON) tests/local-aws/local_aws.py down >&2; fi

lint: $(VENV)/.ready $(VENV)/checkov/.ready ## Format, clippy, catalogs of controls and workloads, templates, warnings are errors
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	$(PYTHON) tests/catalog/check.py
	$(PYTHON) tests/catalog/workloads.py
	$(VENV)/bin/cfn-lint sam/*.yaml --ignore-templates sam/openapi.yaml sam/checkov.yaml
	cd sam && AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 $(abspath $(VENV))/bin/sam validate --lint
	$(VENV)/checkov/bin/checkov --config-file sam/checkov.yaml --directory sam --framework cloudformation --compact --quiet

# The end-to-end tests need the embedded AWS and run in `e2e`: the faults after the others, for they leave hundreds of
# accounts that each evaluation of spending would look into, and the privileges last, for they read the record of all calls.
unit: ## Unit, contract and topology tests
	cargo test --locked --workspace --exclude tests
	cargo test --locked --package tests --test contract --test topology

e2e: up ## End-to-end tests on the embedded AWS
	cargo test --locked --package tests --test 'e2e_[!f]*' -- --test-threads=1 --nocapture || { tail -n 20 .local/logs/*.log >&2; exit 1; }
	cargo test --locked --package tests --test 'e2e_f*' -- --test-threads=1 --nocapture || { tail -n 20 .local/logs/*.log >&2; exit 1; }
	cargo test --locked --package tests --test privileges -- --test-threads=1 --nocapture

BENCH_ARGS ?=
bench: $(VENV)/.ready .venv-bench/.ready ## Measures every function beside the same in Python and an empty one (builds all for release first)
	@PATH=$(abspath $(VENV))/bin:$$PATH cargo lambda build --release --locked \
	  $(foreach name,$(notdir $(wildcard functions/*/*)),--package $(name)) --package empty-function \
	  --lambda-dir target/bench/lambda >&2
	@cargo run --locked --quiet --package bench -- $(BENCH_ARGS)

corpus: ## What the functions would do with every event below a folder, a JSON line each (CORPUS=folder)
	@cargo run --locked --quiet --package tests --bin corpus -- "$(CORPUS)"

simulate: ## A year of 200 accounts under this suite and two others, and July 2026 again: table, target/simulate/*.json, *.svg
	@cargo run --locked --quiet --profile simulation --package simulation

deploy: $(VENV)/.ready ## Builds for arm64 and deploys to the AWS account of your credentials (CONFIG_ENV=dev)
	cd sam && export PATH=$(abspath $(VENV))/bin:$$PATH && sam build --config-env $(or $(CONFIG_ENV),dev) && sam deploy --config-env $(or $(CONFIG_ENV),dev)

# The lock files hold every dependency with its hash.
$(VENV)/.ready: tests/local-aws/requirements.txt
	@python3 -m venv $(VENV) >&2
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $< >&2
	@touch $@

$(VENV)/checkov/.ready: tests/local-aws/requirements-checkov.txt | $(VENV)/.ready
	@python3 -m venv $(VENV)/checkov >&2
	@$(VENV)/checkov/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $< >&2
	@touch $@

# Without pip: what is installed there is exactly what a deployment would carry.
.venv-bench/.ready: tests/bench/python/requirements.txt | $(VENV)/.ready
	@python3 -m venv --without-pip .venv-bench >&2
	@$(VENV)/bin/pip --python .venv-bench/bin/python install --quiet --no-deps --require-hashes --requirement $< >&2
	@touch $@
