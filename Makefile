# Everything that is run on this project. `make` needs python3 (with venv), make and git.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

export CLEARBILL_HOME ?= $(CURDIR)/.clearbill
# The one chance of a test run, printed so that a failure can be had again: make test SEED=…
ifndef SEED
SEED := $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
endif
TESTS ?= tests
WORKERS ?= 2
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=10 --hypothesis-seed=$(SEED)

# pictures and bench are folders too.
.PHONY: help setup demo check format test test-all browser bench mutants reliability pictures messages wheel clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## Install into .venv, from the hash-locked lists

$(STAMP): requirements.lock requirements-uv.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --requirement requirements-uv.lock
	# uv reads none of pip's settings: where a mirror is known to pip alone, pip does it, slower.
	VIRTUAL_ENV=.venv $(BIN)/uv pip sync --quiet --require-hashes requirements.lock \
	    || $(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: $(STAMP) ## Load a demo month and run everything; Ctrl-C stops it all
	@exec $(BIN)/clearbill demo

check: $(STAMP) ## Form, types, rooms, migrations, known weaknesses
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src tests bench
	$(BIN)/lint-imports
	$(BIN)/python -W ignore::RuntimeWarning -m django makemigrations --check --dry-run \
	    --settings clearbill.wiring.settings
	# B608, B310 and B611 are ruff's S608, S310 and S611, which ask for a reason at each place.
	$(BIN)/bandit --quiet --recursive --severity-level medium --skip B608,B310,B611 src

format: $(STAMP) ## Bring the code into form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

browser: $(STAMP)
	@.ci/browser

test: $(STAMP) browser ## All that must never break
	@echo "seed $(SEED)"
	HYPOTHESIS_PROFILE=quick CLEARBILL_ROUNDS=1 $(PYTEST) $(TESTS)

test-all: $(STAMP) browser ## The same, with what chance decides repeated
	@echo "seed $(SEED)"
	HYPOTHESIS_PROFILE=long CLEARBILL_ROUNDS=8 $(PYTEST) $(TESTS)

SIZE ?= small
ONLY ?=

# One of the ways to print that people use now; without it, or Debian's Pango, its cells are empty.
bench: $(STAMP) ## Speed and memory beside the floor: SIZE=small or full, ONLY="import rate"
	@$(BIN)/python -c "import weasyprint" 2>/dev/null \
	    || VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes --requirement requirements-bench.lock \
	    || $(BIN)/pip install --quiet --require-hashes --requirement requirements-bench.lock || true
	$(BIN)/python -m bench --size $(SIZE) $(if $(ONLY),--only $(ONLY)) \
	    $(if $(filter full,$(SIZE)),--profiles)
	$(if $(filter full,$(SIZE)$(ONLY)),$(BIN)/python -m bench.report)

mutants: $(STAMP) ## Take out protections one at a time: does a test notice? (ONLY=word)
	PYTHONPATH=src:tests $(BIN)/python -m mutants --only "$(ONLY)"

reliability: $(STAMP) browser ## Run what holds our promises at length; writes docs/reliability.md
	PYTHONPATH=src:tests $(BIN)/python -m promises

pictures: $(STAMP) browser ## A sheet a page in pictures/: three widths, light and dark
	PYTHONPATH=src:tests $(BIN)/python tests/pictures.py

messages: $(STAMP) ## Gather the strings to translate, and compile the translations
	mkdir -p build
	PYTHONPATH=tests $(BIN)/pybabel -q extract -F babel.cfg -k Refused -k Words \
	    --no-location --sort-output --omit-header \
	    -o build/messages.pot src/clearbill
	$(BIN)/pybabel -q extract -F babel-console.cfg -k Refused -k Words -k _NotTaken \
	    --no-location --sort-output --omit-header \
	    -o build/console.pot src/clearbill
	$(BIN)/pybabel -q update -i build/messages.pot -d src/clearbill/locale -D django -l de \
	    --no-wrap --ignore-obsolete --omit-header --no-fuzzy-matching
	$(BIN)/pybabel -q compile --use-fuzzy -d src/clearbill/locale -D django

wheel: $(STAMP) ## One wheel in dist/, with templates, styles and migrations
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist

clean: ## Remove what tests and builds leave (not the demo's data)
	rm -rf .clearbill-test build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
