# Every word sets up what it needs (.ci/setup) and then calls one thing. `make` alone lists the words.

# One process of tests for each processor: docs/decisions/0025-tests-side-by-side.md.
SIDE_BY_SIDE = --numprocesses auto --maxprocesses 4 --dist worksteal

# Else each program that a test starts would compile yester anew.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help setup demo test test-servers check fix bench run dist clean

help: ## list the words
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile | expand -t 20

setup: ## install what is missing: system packages, .venv, Python packages
	@.ci/setup

demo: setup ## take snapshots of real folders, mount them, get files back (DIR=~/Documents for your own)
	@.venv/bin/python -P -m yester.tui.demo $(if $(DIR),"$(DIR)")

test: setup ## run the tests, the same examples each time
	@.venv/bin/pytest $(SIDE_BY_SIDE) -m "not servers and not long" --hypothesis-seed=0

test-servers: setup ## run the tests that start server programs, and those that take long
	@.ci/test-servers

check: setup ## format, lint, types, layers, tests with examples of chance
	@.ci/lint
	@.venv/bin/pytest $(SIDE_BY_SIDE) -m "not servers"

fix: setup ## mend format and lint where a program can
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

bench: setup ## measure against the targets and the peers (ARGS="--groups small")
	@.venv/bin/python -P tests/benchmarks/run.py $(ARGS)

run: setup ## run yester from this checkout (ARGS="list --json")
	@.venv/bin/yester $(ARGS)

dist: setup ## build sdist and wheel into dist/ and look inside
	@.ci/dist

clean: ## remove what the words above made
	@rm -rf .venv build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	@find . -name __pycache__ -prune -exec rm -rf {} +
