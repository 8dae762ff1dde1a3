# Everything a fresh machine needs besides this file is Python 3.11 to 3.13 and make.
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .uv/bin/uv
BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export GX_ANALYTICS_ENABLED := false
# Company networks bring certificates of their own; the system knows them, uv by itself does not.
export UV_SYSTEM_CERTS := true

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-trino check format export notebooks bench up down clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(UV) ## install the locked packages, Java 17, Spark's S3 connector and Trino's grammar (demo and test do it by themselves)
	@$(UV) sync --frozen --quiet || { echo "setup: the locked packages could not be installed; see the line above. The package index must be reachable once."; exit 1; }
	@$(BIN)/python -m local.java
	@$(BIN)/python -m local.spark_setup
# Only tests need the grammar, and say so where it is missing.
	@$(BIN)/python -m local.trino.jars grammar || true

$(UV):
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"setup: {sys.executable} is Python {v[0]}.{v[1]}; expected 3.11 or newer. Name one: make PYTHON=/path/to/python3.11 ...")'
	@$(PYTHON) -m venv .uv || { echo "setup: $(PYTHON) cannot make virtual environments; on Debian and Ubuntu install the package python3-venv."; rm -rf .uv; exit 1; }
	@.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || { echo "setup: uv could not be installed from the package index. Check the network and try again."; rm -rf .uv; exit 1; }

demo: setup ## ten thousand events the whole way, on the local AWS
	@$(BIN)/etl demo

# Two processes, a test file at a time: each has a Spark of its own, and the end-to-end files a local AWS.
test: setup ## all tests
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

test-trino: setup ## the shipped queries on a real Trino as well, answers compared (93 MB of jars, once; 2 GB of memory)
	@$(BIN)/python -m local.trino.jars server
	@$(BIN)/pytest tests/trino

check: setup ## what must hold before a commit: format, lint, templates, notebooks, import directions, contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/cfn-lint infra/cloudformation/*.yaml
	@$(BIN)/etl contracts check --against-main
	@$(BIN)/python -m cli.export --check
	@$(BIN)/pytest -q tests/house tests/contracts tests/infra tests/notebooks/test_drift.py

format: setup ## format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

export: setup ## write what notebooks and contracts are the source of
	@$(BIN)/python -m cli.export

notebooks: setup ## JupyterLab beside the local AWS
	@$(BIN)/etl up
	@echo 'Notebooks 00 and 50 to 55 look at events: `make demo` in another terminal first, if there are none.'
	@eval "$$($(BIN)/etl env)" && $(BIN)/jupyter lab notebooks

bench: setup ## benchmarks, as ratios to their floors
	@$(BIN)/python -m bench

up: setup ## start the local AWS and deploy the stacks
	@$(BIN)/etl up

down: setup ## stop the local AWS
	@$(BIN)/etl down

clean: ## remove environments and local state
	@[ ! -x $(BIN)/etl ] || $(BIN)/etl down
	rm -rf .venv .uv .local .pytest_cache .ruff_cache
