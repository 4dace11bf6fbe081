# Two commands matter: `make demo` and `make test`. Both set up everything they need.
SHELL := /bin/bash
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install Node, dependencies and Python packages
	@scripts/setup.sh dependencies python

demo: ## the whole product in one walk: registry, model version, endpoint, predictions
	@scripts/setup.sh dependencies python engine registry
	@scripts/run.sh examples/iris/demo.ts

up: ## start the server and keep it
	@scripts/setup.sh dependencies engine
	@scripts/run.sh scripts/up.ts

test: ## every test, on real engines, registries and clients
	@scripts/setup.sh dependencies python engine registry test-tools
	@scripts/test.sh

test-all: ## the tests and the slow sweeps
	@scripts/setup.sh dependencies python sagemaker-sdk engine registry test-tools
	@SLOW_TESTS=1 scripts/test.sh

bench: ## ratios against nginx, tar and the container itself
	@scripts/setup.sh dependencies python engine registry test-tools
	@scripts/run.sh bench/run.ts

check: ## lint, types, unused code
	@scripts/setup.sh dependencies
	@npm run --silent check

.PHONY: help setup demo up test test-all bench check
