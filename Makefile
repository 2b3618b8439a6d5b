# make run    sets everything up and opens the screen
# make test   sets everything up and runs all tests: style, types, pure, screen, faults, a real vLLM
# make quick  the same without the real vLLM
# make failures  provokes every failure of a real vLLM that can be provoked here (make test takes a few of them)
# make bench  prints the figures of docs/PERFORMANCE.md
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: run test quick failures bench lint setup engine clean

run: setup engine
	@$(BIN)/vdeck

test: lint engine
	$(BIN)/pytest

quick: lint
	$(BIN)/pytest -m 'not engine and not slow'

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

failures: setup engine
	$(BIN)/pytest -m 'engine or slow' tests/engine/test_engine_failures.py

bench: setup engine
	@for script in tests/bench/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

setup: $(VENV)/ready

$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: vdeck needs Python 3.11 or newer, $(PYTHON) is older. Name another one: make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

# A vLLM to run: the one on PATH, an engine that is there, or a new one (CUDA with a GPU, else CPU; minutes, once).
engine: setup
	@$(BIN)/vdeck engine list --json | grep -q '"vllm"' || $(BIN)/vdeck engine install \
	  || echo "warning: no vLLM engine could be installed; 'vdeck engine install' tries again" >&2

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
