# `make train` trains a first network, `make test` checks everything; each needs only Python and make.
PYTHON ?= python3
VENV ?= .venv
DOCS_VENV ?= .venv-docs
BIN := $(VENV)/bin

# A strict editable install links files one by one, so the list of files is part of what makes it current.
SOURCES := $(shell find engine cli configs -type f ! -name '*.pyc' | sort)

.PHONY: train test reliability bench schema docs format clean

train: $(VENV)/.installed
	@$(BIN)/nnkit train quickstart

test: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@# Kernels are compiled once, and not by each of the processes that run tests.
	@$(BIN)/nnkit profile quickstart --steps 1 >/dev/null
	@$(BIN)/python -m nnkit.kernels.cpu.ahead
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist worksteal

reliability: $(VENV)/.installed-dev
	$(BIN)/pytest --reliability --write-table

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/bench.py

WRITE_SCHEMA := from pathlib import Path; from nnkit.training.config import schema_text; \
	Path("configs/nnkit.schema.json").write_text(schema_text(), encoding="utf-8")

schema: $(VENV)/.installed-dev
	$(BIN)/python -c '$(WRITE_SCHEMA)'

docs: $(DOCS_VENV)/.installed
	@# What the theme would announce of itself is no warning about these pages.
	NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml $(SOURCES) | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --editable '.[plot]' --config-settings editable_mode=strict
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(SOURCES) | $(BIN)/python
	@$(BIN)/python -m pip install --quiet torch==2.13.0
	@$(BIN)/python -m pip install --quiet --editable '.[dev]' --config-settings editable_mode=strict
	@touch $@ $(VENV)/.installed

# In an environment of its own: what the site is made with changes what terminals show.
$(DOCS_VENV)/.installed: pyproject.toml $(SOURCES)
	@$(PYTHON) -m venv $(DOCS_VENV)
	@$(DOCS_VENV)/bin/python -m pip install --quiet --editable '.[docs]' --config-settings editable_mode=strict
	@touch $@

clean:
	rm -rf $(VENV) $(DOCS_VENV) .mypy_cache .pytest_cache .ruff_cache
