# Everything a developer runs. `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help install develop test slow lint format types check bench completions clean

help: ## List the targets.
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Both stamps are made again whenever the dependencies change.
$(VENV)/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bcv needs Python 3.11 or newer: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	# pip leaves this out for an editable package; without it every start may translate bcv anew.
	$(BIN)/python -m compileall -q bcv
	touch $@

$(VENV)/developed: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

install: $(VENV)/installed ## Make .venv with bcv in it.

develop: $(VENV)/developed ## The same with everything the tests need.

test: develop ## Run the tests (a few minutes).
	$(BIN)/python -m pytest -m 'not slow' -n $(JOBS)

slow: develop ## Run the slow tests too.
	$(BIN)/python -m pytest -n $(JOBS)

lint: develop ## Style and layout: ruff.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: develop ## Rewrite the files in ruff's format.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: develop ## mypy --strict.
	$(BIN)/mypy

check: lint types test ## Everything that must pass before a commit (the import law is among the tests).

bench: develop ## All benchmarks in one table; BENCH=--no-suites leaves the long ones out.
	$(BIN)/python benchmarks/run.py --jobs $(JOBS) $(BENCH)

completions: develop ## Write the shell completions again.
	for shell in bash zsh fish; do $(BIN)/bcv completion $$shell > completions/bcv.$$shell; done

clean: ## Remove what the other targets made.
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
