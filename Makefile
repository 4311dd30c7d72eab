# Everything a developer or the CI does is a target here.  `make` lists them.
# ARGS goes to the command behind a target:  make serve ARGS="--port 9000"   make test ARGS="-k slot"

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

export VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
CONSTRAINTS := constraints.txt
ARGS ?=

# A stamp is newer than what it was made from, or its recipe runs again.
RUNTIME := $(VENV)/.stamp-runtime
DEVELOPMENT := $(VENV)/.stamp-development
BROWSER := $(VENV)/.stamp-browser
NODE := node_modules/.stamp

.PHONY: help setup serve test check lint types imports javascript documents format bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(DEVELOPMENT) $(BROWSER) $(NODE) ## install everything that the other targets need

serve: $(RUNTIME) ## set up what running needs, and serve the page
	$(BIN)/animirror serve $(ARGS)

test: $(DEVELOPMENT) $(BROWSER) ## set up, and pass every test
	$(BIN)/python -m pytest $(ARGS)

lint: $(DEVELOPMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEVELOPMENT)
	$(BIN)/mypy

# Without its cache: it has answered for a tree that had changed since.
imports: $(DEVELOPMENT)
	$(BIN)/lint-imports --no-cache

javascript: $(NODE)
	node_modules/.bin/tsc --project .

documents: $(DEVELOPMENT)
	$(BIN)/python -m pytest -q tests/test_docs.py

check: lint types imports javascript documents ## lint, format, types, import rules, JavaScript types, documents

format: $(DEVELOPMENT) ## put the Python sources in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEVELOPMENT) $(BROWSER) ## measure stages and glass to glass on this machine
	$(BIN)/python -m benchmarks.stages $(ARGS)
	$(BIN)/python -m benchmarks.glass_to_glass $(ARGS)

clean: ## remove the environment and everything set up
	rm -rf $(VENV) node_modules

$(BIN)/python:
	python=$$(scripts/find_python.sh) && "$$python" -m venv $(VENV)

$(RUNTIME): pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	@echo "setup: installing what running needs; this takes some minutes the first time"
	$(PIP) install --quiet --constraint $(CONSTRAINTS) --editable .
	scripts/setup_system.sh serve
	touch $@

# Torch comes first and plainly, so that the machine's own pip configuration decides which build it is.
$(DEVELOPMENT): pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	@echo "setup: installing what developing needs, PyTorch first; this takes some minutes the first time"
	$(PIP) install --quiet torch==2.13.0
	$(PIP) install --quiet --constraint $(CONSTRAINTS) --editable '.[train,dev]'
	scripts/setup_system.sh test
	touch $(RUNTIME) $@

$(BROWSER): scripts/setup_browser.sh | $(DEVELOPMENT)
	scripts/setup_browser.sh
	touch $@

$(NODE): package.json package-lock.json
	npm ci --no-audit --no-fund --silent
	touch $@
