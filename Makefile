# Two commands do everything: make run, make test.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test lint bench install

run: .venv/installed
	@DEBUG=$${DEBUG-1} PORT=$(PORT) $(BIN)/python manage.py run

test: .venv/installed
	$(BIN)/python -m pytest $(ARGS)

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

install: .venv/installed

# The stamp is renewed when a requirements file changes, so a pull never leaves an old environment.
.venv/installed: requirements.txt requirements-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@
