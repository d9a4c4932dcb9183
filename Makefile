# Everything one does here. `make` alone says what there is.
# Needs a POSIX make and sh, and Python 3.11 to 3.13; everything else goes into .venv/ (pinned, with hashes).

PYTHON ?= python3
PORT ?= 8000
WEB_CONCURRENCY ?= 2

BIN = .venv/bin
RUN_PYTHON = $(BIN)/python
FLASK = $(RUN_PYTHON) -m flask --app wsgi
PIP_INSTALL = $(RUN_PYTHON) -m pip install --quiet --quiet --disable-pip-version-check --no-input --require-hashes
UV_COMPILE = $(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --quiet --python-version 3.11 \
	--custom-compile-command "make lock"
CHECKED = dofc_events tests benchmarks migrations wsgi.py gunicorn.conf.py

# Else each of the many processes of the tests would compile everything for itself.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test bench lint format types check-imports dependencies audit browser rights lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "PYTHON=$(PYTHON) PORT=$(PORT) WEB_CONCURRENCY=$(WEB_CONCURRENCY) can be set, for example: make run PORT=9000"

run: .venv/runtime.stamp ## start the site and its worker, with demonstration data if the database is empty
	@set -e; umask 077; \
	PORT='$(PORT)' WEB_CONCURRENCY='$(WEB_CONCURRENCY)'; export PORT WEB_CONCURRENCY; \
	BASE_URL="$${BASE_URL:-http://127.0.0.1:$$PORT}" PYTHONUNBUFFERED=1; export BASE_URL PYTHONUNBUFFERED; \
	$(RUN_PYTHON) -c 'import socket, sys; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); \
	s.bind(("127.0.0.1", int(sys.argv[1])))' "$$PORT" 2>/dev/null || { \
	  echo "Port $$PORT of 127.0.0.1 cannot be used: is something already running there? Try: make run PORT=8080" >&2; exit 1; }; \
	mkdir -p instance; \
	if [ -z "$$SECRET_KEY" ] && [ ! -s instance/secret_key ]; then \
	  $(RUN_PYTHON) -c 'import secrets; print(secrets.token_urlsafe(48))' > instance/secret_key.$$$$; \
	  ln instance/secret_key.$$$$ instance/secret_key 2>/dev/null || [ -s instance/secret_key ] || \
	    mv instance/secret_key.$$$$ instance/secret_key; \
	  rm -f instance/secret_key.$$$$; \
	fi; \
	$(FLASK) db upgrade; \
	$(FLASK) demo --if-empty; \
	echo; echo "  Days of Clusters: $$BASE_URL/"; \
	if link=$$($(FLASK) accounts sign-in-link chair@demo.example 2>/dev/null); then \
	  echo "  Sign in once as the demonstration chair: $$link"; \
	fi; \
	echo "  Ctrl-C stops the site and its worker."; echo; \
	SUPERVISOR=$$$$; export SUPERVISOR; \
	exec $(RUN_PYTHON) -m honcho -e /dev/null start -p "$$PORT"

test: .venv/dev.stamp ## every check and every test: SQLite, PostgreSQL, a real browser
	@$(MAKE) --no-print-directory -j 2 lint check-imports dependencies browser
	@# One uses one core, the other waits for the network: beside the tests they cost little. What they say comes last.
	@said=$$(mktemp); $(MAKE) --no-print-directory -j 2 types audit >"$$said" 2>&1 & checks=$$!; \
	$(RUN_PYTHON) -m pytest -n auto --dist worksteal; tests=$$?; \
	wait $$checks; checks=$$?; cat "$$said"; rm -f "$$said"; exit $$((tests | checks))

bench: .venv/dev.stamp ## run the benchmarks and print their table
	@$(RUN_PYTHON) -m benchmarks

lint: .venv/dev.stamp ## style and likely mistakes (ruff)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)

format: .venv/dev.stamp ## format the code
	$(BIN)/ruff check --fix-only --exit-zero $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

types: .venv/dev.stamp ## types (mypy)
	$(RUN_PYTHON) -m mypy

check-imports: .venv/dev.stamp ## which package may import which (import-linter)
	$(BIN)/lint-imports --no-logo

dependencies: .venv/dev.stamp ## imports match the declared dependencies (deptry)
	$(BIN)/deptry --no-ansi .

audit: .venv/dev.stamp ## known vulnerabilities in the pinned packages (pip-audit), if its data can be reached
	@$(RUN_PYTHON) tests/audit.py requirements-dev.lock

browser: .venv/dev.stamp ## make sure the tests have a Chromium
	@$(RUN_PYTHON) tests/browser_setup.py

rights: .venv/dev.stamp ## try out who gets which page, and rewrite docs/rights.md
	$(RUN_PYTHON) -m tests.rights

lock: .venv/dev.stamp ## pin the packages again after changing the dependencies in pyproject.toml
	$(UV_COMPILE) pyproject.toml -o requirements.lock
	$(UV_COMPILE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove everything that can be rebuilt; keeps instance/ with its data
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache test-artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { \
	  echo "Python 3.11, 3.12 or 3.13 is needed, but $(PYTHON) is: $$($(PYTHON) --version 2>&1 || true)" >&2; \
	  echo "Name one, for example: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Creating .venv/ ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "$(PYTHON) cannot create virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

.venv/runtime.stamp: requirements.lock .venv/bin/python
	@echo "Installing the packages of requirements.lock ..."
	@$(PIP_INSTALL) -r requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/bin/python
	@echo "Installing the packages of requirements-dev.lock ..."
	@# uv takes a quarter of the time. It knows no index that pip alone was told of: if it reaches none, pip installs them.
	@# What is never imported need not be compiled, and the rest is as soon as it is.
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.lock | $(PIP_INSTALL) --no-compile -r /dev/stdin
	@UV_HTTP_RETRIES=1 $(BIN)/uv pip install --quiet --system-certs --python $(RUN_PYTHON) --require-hashes \
		-r requirements-dev.lock || $(PIP_INSTALL) --no-compile -r requirements-dev.lock
	@touch $@
