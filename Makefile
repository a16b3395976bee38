# Every target makes the environment that it needs, in .venv, and makes it again when setup.cfg
# changes. PYTHON=... chooses the interpreter (3.10 or newer), PYTEST_ARGS=... reaches pytest,
# BENCH_ARGS=... reaches the benchmarks (`make bench BENCH_ARGS=--help` lists what they take).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST_ARGS ?= -n 2
BENCH_ARGS ?=

.PHONY: help demo test lint format docs bench clean

help:  ## Say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.base  ## Run the penguins flow, send its states to a second process, run it again
	@$(BIN)/python examples/demo.py

test: lint $(VENV)/.test  ## Lint, check types and layers, run every test
	@echo "== pytest"
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.test  ## ruff, mypy --strict, import-linter
	@echo "== ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "run 'make format'"; exit 1; }
	@echo "== mypy --strict"
	@$(BIN)/mypy
	@echo "== import-linter"
	@$(BIN)/lint-imports

format: $(VENV)/.test  ## Lay the code out with ruff
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(VENV)/.docs  ## Build the documentation into site/ (strict, no network)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "built site/index.html"

bench: $(VENV)/.test  ## Measure side by side with Prefect 1.4.1, as a table of medians and ratios
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

clean:  ## Remove what the other targets made
	rm -rf $(VENV) site build dist benchmarks/out examples/out .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(VENV)/.base: setup.cfg pyproject.toml
	@python=$$(.ci/find-python) && if ! $(BIN)/python -c 'import pip' 2>/dev/null; then \
		echo "== making $(VENV) with $$python"; rm -rf $(VENV); "$$python" -m venv $(VENV); fi
	@echo "== installing prefect_results into $(VENV)"
	@$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.base
	@echo "== installing what tests and linters need into $(VENV)"
	@$(PIP) install --quiet --editable '.[test,lint]'
	@touch $@

$(VENV)/.docs: $(VENV)/.base
	@echo "== installing what the documentation needs into $(VENV)"
	@$(PIP) install --quiet --editable '.[docs]'
	@touch $@
