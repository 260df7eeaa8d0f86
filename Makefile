# The house's verbs. `make help` lists them; each makes the environment it needs by itself.

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
UV ?= uv

# What runs extensions that are sources: built once, from the sources in runtimes/.
RUNTIMES := .runtimes/javascript.wasm .runtimes/python.wasm

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Pyright comes whole in its wheel; without this it asks the network whether there is a newer one.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
# Tests start hundreds of servers: where bytecode is not kept, each of them compiles the source.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check editors clients mcp examples worker runtimes bench quality soak regenerate format lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run $(RUNTIMES) ## Play the main job in the terminal (ARGS="--yes" answers by itself)
	@$(BIN)/python -m demo.play $(ARGS)

# One worker more than there are processors: much of what is tested is waiting.
test: check $(RUNTIMES) ## Everything a change must pass (ARGS= goes to pytest)
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

mcp: $(VENV)/.dev ## Install the MCP servers of other people that the tests use
	scripts/mcp.sh

runtimes: $(RUNTIMES) ## Build what runs extensions that are sources

examples: $(VENV)/.dev ## Build the examples of extensions that must be built, and what they need
	scripts/examples.sh

worker: .worker/.made ## Install litellm where the tests of its process find it

bench: $(VENV)/.dev $(RUNTIMES) ## Measure speed and memory (WRITE=1 also writes the page)
	$(BIN)/python -m benchmarks.editor_page $(if $(WRITE),--write)
	$(BIN)/python -m benchmarks.extension_page $(if $(WRITE),--write)
	$(BIN)/python -m benchmarks.site_page $(if $(WRITE),--write)
	$(BIN)/python -m benchmarks $(if $(WRITE),--write) $(ARGS)

quality: $(VENV)/.dev ## How well edits and ghost text are made to fit (WRITE=1 also writes the pages)
	$(BIN)/python -m benchmarks.edit_page $(if $(WRITE),--write)
	$(BIN)/python -m benchmarks.quality_page $(if $(WRITE),--write) $(ARGS)

soak: $(VENV)/.dev $(RUNTIMES) ## The tests with large counts
	$(BIN)/python -m pytest -m soak $(ARGS)

regenerate: $(VENV)/.dev $(RUNTIMES) ## Rewrite generated files from the code
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
	$(LOCK) examples/extensions/tools/packages.in -o examples/extensions/tools/packages.lock

clean: ## Remove everything that was made here, the environment and the editors included
	rm -rf $(VENV) .editors .clients .mcp .corpora .worker .runtimes .examples dist .pytest_cache
	rm -rf .ruff_cache .hypothesis
	rm -rf .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- The environment, in four steps; a stamp each makes the second time quick ----------------

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

$(VENV)/.packages: $(VENV)/.made requirements.lock requirements-build.lock
	@echo "Installing what Steward needs into $(VENV) (once)."
	@$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --require-hashes -r requirements-build.lock
	@touch $@

# The package contains the runtimes, so it can be installed only when they are there.
$(VENV)/.run: $(VENV)/.packages pyproject.toml | $(RUNTIMES)
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

.runtimes/javascript.wasm: $(wildcard runtimes/javascript/*.json runtimes/javascript/source/*.js) \
		$(wildcard schemas/extension/v1/*.wit) runtimes/javascript/build.sh | $(VENV)/.packages
	@echo "Building the runtime for extensions written in JavaScript (once)."
	@PYTHON=$(BIN)/python runtimes/javascript/build.sh

.runtimes/python.wasm: $(wildcard runtimes/python/*.py) $(wildcard schemas/extension/v1/*.wit) \
		requirements-build.lock | $(VENV)/.packages
	@echo "Building the runtime for extensions written in Python (once)."
	@mkdir -p .runtimes
	@$(BIN)/componentize-py -q -d schemas/extension/v1 -w extension componentize app \
		-p runtimes/python -o .runtimes/draft.wasm
	@mv .runtimes/draft.wasm $@

# Tests that begin side by side would all wait for the one that compiles them.
.runtimes/.compiled: $(RUNTIMES) $(VENV)/.dev
	@PYTHONPATH=server $(BIN)/python -m tests.compiled
	@touch $@
