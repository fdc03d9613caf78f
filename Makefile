# One runner with few verbs; CI calls the same ones.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# What Python compiles of the tests is kept, even where that is turned off: every process would do it again.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help install sandbox test long check format docs bench lock clean

help: ## List the verbs
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

install: $(STAMP) ## Make the virtual environment with the pinned dependencies

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python scripts/install.py
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

sandbox: $(STAMP) ## Start the local Google Cloud and create the environment `sandbox` on it
	@$(BIN)/mlops-env create sandbox

test: $(STAMP) ## Run the test suite
	@$(PYTEST) -m "not long"

long: $(STAMP) ## Run the tests that take minutes: they kill and restart real processes, or vary a scenario
	@$(PYTEST) -m long

check: $(STAMP) ## Format, lint, types, import rules, Terraform
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy --num-workers auto
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/terraform_docs.py --check
	@$(BIN)/python scripts/sandbox_docs.py --check
	@$(BIN)/python scripts/permissions_docs.py --check
	@$(BIN)/python scripts/existing_docs.py --check
	@$(BIN)/python scripts/check_terraform.py

format: $(STAMP) ## Format everything
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(STAMP) ## Write the generated tables: Terraform modules, docs/sandbox.md, permissions.md, existing-resources.md
	@$(BIN)/python scripts/terraform_docs.py
	@$(BIN)/python scripts/sandbox_docs.py
	@$(BIN)/python scripts/permissions_docs.py
	@$(BIN)/python scripts/existing_docs.py

bench: $(STAMP) ## Measure start, create, create again, drift, apply and many at once, as ratios to their bounds
	@$(BIN)/python -m benchmarks

lock: ## Resolve the dependencies anew into requirements.lock
	@$(PYTHON) scripts/lock.py

clean: ## Stop the sandbox and remove what was made here
	@if [ -x $(BIN)/mlops-env ]; then $(BIN)/mlops-env sandbox stop; fi
	rm -rf $(VENV) .sandbox .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info
