# Two commands do everything on a machine that has Python 3.11+ and make:
#   make demo   ingest the sample company, answer a short tour of questions, and serve it
#   make test   format, lint, types, architecture rules and the test suite
PYTHON ?= python3
PYTEST ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: setup demo test test-studio check bench lock clean

setup: .venv/.installed ## the pinned environment, without development tools

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make setup: $(PYTHON) is older than 3.11; run 'make setup PYTHON=python3.12' with a newer one" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing pinned packages into .venv (about a minute)"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.developing: .venv/.installed requirements-dev.lock
	@echo "installing the development tools into .venv"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

demo: setup
	@$(BIN)/plumbline demo

check: .venv/.developing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(PYTEST)

bench: .venv/.developing
	$(BIN)/python -m bench

lock: ## needs uv; writes pins and hashes only, never an index address
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --group pyproject.toml:build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --extra otel --group pyproject.toml:dev pyproject.toml -c requirements.lock -o requirements-dev.lock

	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --extra studio --group pyproject.toml:studio --group pyproject.toml:build pyproject.toml -o requirements-studio.lock

test-studio: requirements-studio.lock ## what langgraph dev serves, in an environment of its own
	@test -x .venv-studio/bin/python || $(PYTHON) -m venv .venv-studio
	@.venv-studio/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-studio.lock
	@.venv-studio/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	.venv-studio/bin/python -m pytest tests/agent/test_langgraph_server.py

clean:
	rm -rf .venv .venv-studio .plumbline agent/demo/.plumbline
