# The house's verbs. `make help` lists them; each makes the environment it needs by itself.

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
UV ?= uv

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Pyright comes whole in its wheel; without this it asks the network whether there is a newer one.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.PHONY: help run test check editors clients worker bench soak regenerate format lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## Play the main job in the terminal (ARGS="--yes" answers by itself)
	@$(BIN)/python -m demo.play $(ARGS)

# One worker more than there are processors: much of what is tested is waiting.
test: check ## Everything a change must pass (ARGS= goes to pytest)
	$(BIN)/python -m pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) $(ARGS)

check: $(VENV)/.dev ## Format, lint, import contracts, types, unused dependencies: seconds
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/pyright

editors: $(VENV)/.dev ## Install the real editors that the editor tests drive
	scripts/editors.sh

clients: ## Install the openai, anthropic and aider packages that the client tests run
	PYTHON=$(PYTHON) scripts/clients.sh

worker: .worker/.made ## Install litellm where the tests of its process find it

bench: $(VENV)/.dev ## Measure speed and memory (WRITE=1 also writes the page)
	$(BIN)/python -m benchmarks $(if $(WRITE),--write) $(ARGS)

soak: $(VENV)/.dev ## The tests with large counts
	$(BIN)/python -m pytest -m soak $(ARGS)

regenerate: $(VENV)/.dev ## Rewrite generated files from the code
	$(BIN)/python -m pytest tests/house --regenerate $(ARGS)

format: $(VENV)/.dev ## Write the code the way we write it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Locks name no index, so that they hold wherever packages come from.
LOCK := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url

lock: ## Pin the newest allowed dependencies with their hashes (needs uv)
	@command -v $(UV) >/dev/null || { \
		echo "make lock needs uv, which is not on the PATH: install it, or say UV=/path/to/uv." >&2; \
		exit 1; }
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --group build -o requirements-build.lock
	$(LOCK) pyproject.toml --group dev -o requirements-dev.lock
	sed -n 's/^litellm = \["\(.*\)"\].*/\1/p' pyproject.toml | \
		$(LOCK) - -o requirements-litellm.lock
	$(LOCK) tests/clients/packages.in -o tests/clients/packages.lock
	$(LOCK) tests/clients/aider.in -o tests/clients/aider.lock

clean: ## Remove everything that was made here, the environment and the editors included
	rm -rf $(VENV) .editors .clients .worker dist .pytest_cache .ruff_cache .hypothesis
	rm -rf .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- The environment, in three steps; a stamp each makes the second time quick ----------------

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Steward needs Python 3.11 or newer as \`$(PYTHON)\`;" \
			"found: $$($(PYTHON) --version 2>&1 || true)." \
			"Say which to use: make PYTHON=/path/to/python3.12" >&2; \
		exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "Python could not make a virtual environment." \
			"On Debian and Ubuntu install the package python3-venv." >&2; \
		exit 1; }
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements.lock requirements-build.lock pyproject.toml
	@echo "Installing what Steward needs into $(VENV) (once)."
	@$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --require-hashes -r requirements-build.lock
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "Installing what its developers need (once)."
	@$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.lock
	@touch $@

# litellm is 330 MB with all that it needs, and most people never use it.
.worker/.made: requirements-litellm.lock
	@echo "Installing litellm into .worker (once)."
	@$(PYTHON) -m venv .worker
	@.worker/bin/python -m pip install -q --require-hashes -r requirements-litellm.lock
	@touch $@
