# Every target installs what it needs first: see scripts/bootstrap. On a system without make, call the scripts themselves.
SHELL := /bin/bash
PYTHON := .venv/bin/python
INSTALLED := .venv/.installed

.PHONY: help run test test-all fuzz servers check bench

help:
	@echo "make run        open the sample database in the IDE (without a terminal: a short tour)"
	@echo "make test       run every test; installs and starts private database servers"
	@echo "make test-all   the same, and fetch the servers that Debian does not have"
	@echo "make fuzz       a million damaged conversations of each engine; takes an hour"
	@echo "make servers    start the servers of the tests to play with, and print their URLs"
	@echo "make check      formatting, lint, types, and generated code that is up to date"
	@echo "make bench      compare with other drivers, side by side"

$(INSTALLED): pyproject.toml scripts/bootstrap
	@scripts/bootstrap

run: $(INSTALLED)
	@.venv/bin/sqlx demo

test: $(INSTALLED)
	@scripts/install-servers
	@$(PYTHON) -m pytest --numprocesses 2 --dist loadfile $(ARGS)

test-all: $(INSTALLED)
	@scripts/install-servers fetched
	@SQLX_TEST_FETCH=1 $(PYTHON) -m pytest $(ARGS)

fuzz: $(INSTALLED)
	@$(PYTHON) -m tests.wire.fuzz $(ARGS)

servers: $(INSTALLED)
	@scripts/install-servers
	@exec $(PYTHON) -m tests.servers

check: $(INSTALLED)
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
	@$(PYTHON) scripts/async_to_sync.py --check

bench: $(INSTALLED)
	@scripts/install-servers
	@$(PYTHON) -m pip install --quiet -e '.[bench]'
	@$(PYTHON) -m benchmarks --write $(ARGS)
