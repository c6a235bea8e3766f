# Everything that the project needs, its own files install; a target does nothing when its result is there.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

include $(wildcard make/*.mk)

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-20s %s\n", $$1, $$2}'

.PHONY: venv
venv: $(VENV)/.installed ## The Python environment of the developer's tools
$(VENV)/.installed: pyproject.toml requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: lint
lint: venv ## Style, types and the import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

PYTEST := $(BIN)/python -m pytest

.PHONY: test-unit
test-unit: venv ## The code alone: seconds
	$(PYTEST) -n 2 tests/unit

.PHONY: test-unit-image
test-unit-image: venv ## The same on the Python of the images
	@$(BIN)/python -m tests.harness unit-tests

.PHONY: test-engine
test-engine: venv ## Real PostgreSQL servers of several majors
	$(PYTEST) -n 4 tests/engine

.PHONY: test-controlplane
test-controlplane: venv ## etcd, kube-apiserver and controller-manager, without a node
	$(PYTEST) -n 2 tests/controlplane

.PHONY: test-cluster
test-cluster: venv ## A real cluster: Pods of our images, PostgreSQL in a Pod, Helm
	$(PYTEST) -n 4 --dist loadgroup tests/cluster

.PHONY: test-early
test-early: lint test-unit test-engine

.PHONY: test
test: venv ## Every tier but the benchmarks; on a fresh machine it builds Kubernetes first, beside the early tiers
	$(MAKE) --jobs 2 --output-sync=target cluster-prepare test-early
	$(MAKE) test-controlplane
	$(MAKE) test-unit-image
	$(MAKE) test-cluster

.PHONY: soak
soak: venv ## The long forms of the campaigns: kills at every query, and a random walk of some hours
	SOAK_KILL_EVERY=1 $(PYTEST) tests/engine/test_kills.py
	SOAK_KILLS=1 SOAK_RACES=50 $(PYTEST) -n 4 tests/engine/kills
	SOAK_COPY_MEGABYTES=200 $(PYTEST) tests/engine/runner/test_large_data.py
	EXPLORE=1 $(PYTEST) -n 2 tests/unit
	EXPLORE=1 SOAK_STORIES=20000 $(PYTEST) --timeout 0 tests/unit/controller/test_any_sequence_of_events.py

PIN := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --no-header --annotation-style line
.PHONY: lock
lock: ## Pin the dependencies anew, by hash
	$(PIN) --extra runner --output-file requirements/runner.txt pyproject.toml
	$(PIN) --extra operator --output-file requirements/operator.txt pyproject.toml
	$(PIN) --extra runner --extra operator --extra dev --output-file requirements/dev.txt pyproject.toml
