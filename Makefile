# The four things people and CI do. Each sets up what it needs by itself: `make run` in an empty clone is enough.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.set-up

.PHONY: run test check bench setup clean

run: setup          ## the paper exchange, the engine, the bot and a local Slack, in one panel
	@$(BIN)/trader run $(ARGS)

test: setup         ## every test, the walks through real sockets among them
	@$(BIN)/python -m pytest $(ARGS)

check: setup        ## style, types, and the arrows of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: setup        ## each figure against its floor, in one run
	@$(BIN)/trader bench $(ARGS)

setup: $(STAMP)     ## the virtual environment, from the lock; done again only when the lock changed

$(STAMP): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.13 was found. Install one, or say: make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version). This takes a minute, once."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

clean:              ## what the set-up and the tests left; never var/, which holds your journal
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
