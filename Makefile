# `make` alone lists the targets. Each sets up what it needs by itself, once, in $(VENV).

SHELL := /bin/bash
VENV ?= .venv
CASES ?= ../shared/cases
SKIP ?= integration or e2e or slow
BIN := $(VENV)/bin
FAILED := $(if $(AGAIN),--last-failed)
READY := $(VENV)/.installed
LOCK := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --allow-unsafe --generate-hashes \
	--strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: accuracy bench check clean demo docs e2e fmt help integration lab lab-break lab-down lab-heal lab-test lock test

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(READY) ## the bot in a workspace of its own, on a recorded broken cluster
	@$(BIN)/kdiag demo

test: $(READY) ## the tests that need nothing but Python, in parallel
	$(BIN)/pytest -n auto -m "not ($(SKIP))"

e2e: $(READY) ## the whole bot by Socket Mode and HTTP, and its page in Chromium; AGAIN=1: what failed
	@scripts/bootstrap browser
	$(BIN)/pytest -m e2e $(FAILED)

check: ## what CI runs: linters, knowledge, tests on each supported Python
	.ci/run

accuracy: $(READY) ## how often the first finding names the cause; CASES=directory of *.jsonl
	$(BIN)/python scripts/accuracy.py --cases $(CASES)

bench: $(READY) ## time and memory of pastes, big clusters, the bot under load; a real API server, if make lab built one
	$(BIN)/python benchmarks/run.py
	$(BIN)/python -m benchmarks.load
	@if compgen -G "$${KDIAG_LAB_CACHE:-/var/cache/kdiag-lab}/programs/*/kube-apiserver" >/dev/null; \
	then $(BIN)/python -m benchmarks.live; else echo "not measured: a real API server (make lab builds it)"; fi

lab: $(READY) ## build and start a real cluster on this machine (as root)
	PYTHON=$(BIN)/python lab/up

lab-break: $(READY) ## spoil the lab's cluster: FAULT=name; without one, list them
	$(BIN)/python -m lab break $(FAULT)

lab-heal: $(READY) ## mend what lab-break spoiled: FAULT=name; without one, all
	$(BIN)/python -m lab heal $(FAULT)

integration: $(READY) ## tests with real kubectl, sshd, etcd and PostgreSQL, started for them; AGAIN=1: what failed
	@scripts/bootstrap kubectl daemons postgresql
	$(BIN)/python -m lab build
	$(BIN)/pytest -m integration --ignore tests/integration/lab $(FAILED)

lab-test: $(READY) ## break and heal the lab's cluster, and see what kdiag says; ONLY="name or name", AGAIN=1: what failed
	$(BIN)/pytest tests/integration/lab $(if $(ONLY),-k "$(ONLY)") $(FAILED)

lab-down: ## remove the lab
	PYTHON=$$([ ! -x $(BIN)/python ] || echo $(BIN)/python) lab/down

docs: $(READY) ## build the pages generated from code and knowledge
	$(BIN)/python scripts/build_docs.py

lock: $(READY) ## pin all dependencies anew, with hashes
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "lock on Python 3.11, the oldest supported")'
	$(LOCK) --upgrade --only-build-deps --build-deps-for editable -o requirements-build.lock pyproject.toml
	$(LOCK) --upgrade -c requirements-build.lock -o requirements.lock pyproject.toml
	$(LOCK) --upgrade -c requirements-build.lock -c requirements.lock --extra dev -o requirements-dev.lock pyproject.toml

fmt: $(READY) ## format the code and mend what the linter can
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format

clean: ## remove environments, caches and build outputs
	rm -rf .venv .venv3* build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Builds run without isolation: what they need is in requirements-build.lock, with hashes like all the rest.
$(READY): pyproject.toml requirements-build.lock requirements-dev.lock
	@scripts/bootstrap
	@echo "setting up $(VENV) (once)"
	@$$(scripts/find-python) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-build.lock
	@$(BIN)/python -m pip install --quiet --require-hashes --no-build-isolation --use-pep517 -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
