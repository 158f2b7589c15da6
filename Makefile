# make demo, make test: both set up what they need, once.
SHELL := /bin/sh
export TIEBREAK_CACHE ?= $(CURDIR)/.cache
export TIEBREAK_LABEL_STUDIO ?= $(CURDIR)/.venv-label-studio/bin/label-studio
# What make was asked for is no business of a make that a test starts.
unexport ARGS
BIN := .venv/bin
PATHS := label_config sync ml_backend tests benchmarks

.PHONY: help setup demo test test-faults bench check format clean

help:  ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup:  ## both virtual environments
	@sh scripts/setup.sh

demo: setup  ## the whole product on this machine (ARGS="--once --json" for a report)
	@$(BIN)/tiebreak demo $(ARGS)

# Each worker computes in one thread: more would only wait for each other.
test test-faults: export OMP_NUM_THREADS ?= 1
# Many processes of ours start in the tests: without bytecode each would compile all sources anew.
test test-faults: export PYTHONDONTWRITEBYTECODE =

test: setup  ## every test (ARGS="-k name" for some)
	@$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

test-faults: export TIEBREAK_FAULTS ?= all
test-faults: setup  ## every fault at every position of a run (TIEBREAK_FAULTS=7:5 for a sample: seed, size)
	@$(BIN)/pytest -q -n 2 -m faults $(ARGS)

bench: setup  ## the figures, printed
	@$(BIN)/python -m benchmarks $(ARGS)

check: setup  ## format, lint and types
	@$(BIN)/ruff format --check $(PATHS)
	@$(BIN)/ruff check $(PATHS)
	@$(BIN)/mypy

format: setup  ## rewrite the sources in the project's format
	@$(BIN)/ruff format $(PATHS)
	@$(BIN)/ruff check --fix $(PATHS)

clean:  ## remove environments, caches and the demo's data
	rm -rf .venv .venv-label-studio .cache tiebreak-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
