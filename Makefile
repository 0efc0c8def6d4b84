# make demo · make test · make check · make bench · make mutate · make serve · make clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check bench mutate serve clean lock system

demo: $(STAMP)
	$(BIN)/agency-credit demo $(DEMO)

serve: $(STAMP)
	$(BIN)/agency-credit serve

# The browser tests run in a process of their own: pytest-asyncio and Playwright do not share one.
test: $(STAMP) system check
	$(BIN)/python -m pytest --ignore=tests/browser
	$(BIN)/python -m pytest tests/browser

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m pytest benchmarks/bench_*.py --benchmark-columns=median,min,rounds --benchmark-sort=name

# Half an hour or more; docs/mutation.md lists what survived last time, with the reasons.
mutate: $(STAMP)
	scripts/mutate $(BIN) 90

$(STAMP): requirements.lock pyproject.toml scripts/setup
	PYTHON=$(PYTHON) scripts/setup $(VENV)
	@touch $@

# What a browser test and the PostgreSQL tests need of the machine.
system: $(STAMP)
	@scripts/system

# Locks hold hashes and no addresses; run by hand after pyproject.toml changed.
lock: $(STAMP)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --no-annotate --extra dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) data .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks dist mutants
	find . -name __pycache__ -prune -exec rm -rf {} +
