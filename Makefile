# compose-lite: what a developer runs. `make help` lists the targets.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
# More options for pytest, such as PYTEST_ARGS="-k up -x".
PYTEST_ARGS ?=
# Two at a time, the tests of a file one after another: they share what the file has set up.
PYTEST := $(BIN)/pytest -n 2 --dist loadfile
# What meets an engine of its own or none at all has no place beside another engine.
ON_ENGINES := tests/e2e tests/runner tests/faults/test_concurrency.py tests/faults/test_secrets.py \
	tests/faults/test_signals.py tests/faults/test_watch.py --ignore-glob='*foodtrucks*' --ignore-glob='*podman*'
# What has to do with images, which newer engines can keep in containerd.
ON_IMAGE_STORE := tests/e2e/test_images.py tests/e2e/test_registries.py tests/e2e/test_converge.py \
	tests/runner/test_build_on_daemon.py tests/runner/test_pull.py
export VENV
export PATH := $(CURDIR)/.cache/tools/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup engine tools demo demo-down test check lint audit format unit faults load e2e engines options docs benchmark clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup engine ## bring examples/foodtrucks up and search once (WEB_PORT=5000, ES_PORT=9200)
	@scripts/demo

demo-down: ## stop the demo and remove what it made
	@$(BIN)/compose-lite --project-name foodtrucks down --volumes --yes

test: setup engine tools lint ## all there is: lint, types, contracts, unit, property, daemon and wheel tests
	$(PYTEST) $(PYTEST_ARGS)

check: lint unit ## what needs no Docker: lint, types, contracts, unit and property tests

lint: setup ## format, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config pyproject.toml

audit: ## ask the advisory database about every locked package
	@scripts/audit

format: setup ## bring the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

unit: setup ## the tests that need no Docker
	$(PYTEST) -m "not daemon" $(PYTEST_ARGS)

faults: setup engine tools ## strike every changing call of every scenario in every way (two and a half hours)
	COMPOSE_LITE_FAULTS=whole $(PYTEST) --dist load tests/faults $(PYTEST_ARGS)

load: setup engine tools ## 200 containers for ten minutes, some of which end all the time (a quarter of an hour)
	COMPOSE_LITE_LOAD=whole $(BIN)/pytest -n 0 -s tests/load/test_crowd.py $(PYTEST_ARGS)

e2e: setup engine tools ## the tests on a real daemon
	$(PYTEST) -m daemon $(PYTEST_ARGS)

options: setup ## print which test tries which option of which command
	@$(BIN)/python -m tests.cli.trials

docs: setup ## write the manual: pages for man, and HTML, into build/docs
	@$(BIN)/python scripts/reference.py

engines: setup engine tools ## the daemon tests on Debian's newest engine, as root (49 MB to fetch, half an hour)
	scripts/engines $(PYTEST) -m daemon $(ON_ENGINES) $(PYTEST_ARGS)
	ENGINE_OPTIONS="--feature containerd-snapshotter=true" scripts/engines $(PYTEST) -m daemon $(ON_IMAGE_STORE) $(PYTEST_ARGS)

benchmark: setup engine tools ## measure beside docker compose and write docs/performance.md (half an hour)
	@mkdir -p .cache
	$(BIN)/python -m benchmarks.compare --rounds 5 --json .cache/compare.json
	$(BIN)/python -m benchmarks.sweep --json .cache/sweep.json
	$(BIN)/python -m benchmarks.watch --json .cache/watch.json
	$(BIN)/python -m benchmarks.startup --rounds 30 --json .cache/startup.json
	$(BIN)/python -m benchmarks.crowd --parallel 8 32 64 --json .cache/crowd.json
	$(BIN)/python -m benchmarks.report .cache/{compare,sweep,watch,startup,crowd}.json

setup: ## create the virtual environment
	@scripts/setup-venv

engine: ## see to it that a Docker Engine answers
	@scripts/setup-engine

tools: ## fetch what the daemon tests need beside the engine
	@scripts/setup-test-tools

clean: ## remove what the targets above have made in this folder
	@scripts/setup-engine --stop
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
