# Every target works from a bare clone: it first installs what it needs, once.
# PYTHON names the interpreter to build the environment with, VENV the environment's directory,
# TEST_WORKERS how many tests run at once; COMPUTE and TORCH_INDEX choose the build of PyTorch (tools/pytorch.py).

# Older ones lack what the code uses; for newer ones there is no PyTorch yet.
SUPPORTED := (3, 11) <= sys.version_info[:2] <= (3, 14)
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(not $(SUPPORTED))' 2>/dev/null && echo "$$python" && break; done)
VENV ?= .venv
# Tests wait more than they compute, so that more of them run at once than there are cores.
TEST_WORKERS ?= 4
BIN := $(VENV)/bin
# What builds a package is pinned as well, for which pip knows the one variable or the other.
PIP := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	$(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help install demo test check constraints audit wheel-test debian-test image-test format bench bench-quick serve clean

help: ## Show the targets.
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST)

install: $(VENV)/.dev ## Install the server, the client and the tools of development into .venv.

demo: $(VENV)/.run ## Recognise a recorded sentence with the model that ships in the package.
	@$(BIN)/python tools/demo.py

# Programs under test start sooner once their bytecode is kept.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.dev ## Run every test; common/ and server/ must stay covered to 90 % of their lines.
	$(BIN)/python -m pytest --numprocesses=$(TEST_WORKERS) --dist=worksteal \
		--cov --cov-report=term --cov-fail-under=90

check: $(VENV)/.dev ## Check style, types and the contracts between the packages.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

constraints: $(VENV)/.dev ## Pin the newest versions that fit of all that is installed, in constraints.txt.
	@$(BIN)/python -m tools.constraints

audit: $(VENV)/.dev ## Look for known vulnerabilities in what constraints.txt pins; needs internet.
	@$(BIN)/python -m tools.audit

wheel-test: $(VENV)/.dev ## Install the built wheel alone, as a server and as a client, and try both.
	@$(BIN)/python -m tools.wheel_test

debian-test: $(VENV)/.dev ## Run the demo and the unit tests in a bare Debian 13; needs root and debootstrap.
	@$(BIN)/python -m tools.debian_test

image-test: $(VENV)/.dev ## Build the Docker images without Docker, run and try them; needs root and Debian's buildah.
	@$(BIN)/python -m tools.image_test

format: $(VENV)/.dev ## Bring the code into the project's style.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench ## Measure the recogniser beside other systems; BENCH_ARGS goes to `python -m bench`.
	@$(BIN)/python -m bench $(BENCH_ARGS)

bench-quick: $(VENV)/.bench ## See within two minutes that the benchmark runs; its figures say nothing.
	@$(BIN)/python -m bench --quick $(BENCH_ARGS)

serve: $(VENV)/.run ## Start the server; VOICECHAT_* variables set it up.
	@$(BIN)/python main.py

clean: ## Remove the environment and everything that tools have left.
	rm -rf $(VENV) build dist .cache .coverage .coverage.* .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are younger than what they were made from exactly when nothing is left to install.

$(VENV)/.venv:
	@test -n "$(PYTHON)" || { \
		echo "Error: Python 3.11 to 3.14 is needed, and none was found."; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.13"; exit 1; } >&2
	@"$(PYTHON)" -c 'import sys; sys.exit(not $(SUPPORTED))' || { \
		echo "Error: $(PYTHON) is not Python 3.11 to 3.14: older ones lack what is used, newer ones PyTorch."; \
		echo "Name one that is: make PYTHON=/path/to/python3.13"; exit 1; } >&2
	@"$(PYTHON)" -m venv "$(VENV)" || { \
		echo "Error: $(PYTHON) can't make a virtual environment."; \
		echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; } >&2
	@touch $@

$(VENV)/.run: $(VENV)/.venv requirements.txt constraints.txt pyproject.toml
	@echo "Installing the server and the client into $(VENV); the first time this takes minutes."
	@$(BIN)/python tools/pytorch.py
	@echo "Everything else: about 220 MB."
	@$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Installing the tools of development into $(VENV): about 60 MB."
	@$(PIP) install -e '.[dev]'
	@touch $@

$(VENV)/.bench: $(VENV)/.run
	@echo "Installing the systems to compare with into $(VENV)."
	@$(PIP) install -e '.[bench]'
	@$(PIP) install --no-deps 'funasr-onnx>=0.4.1' || echo "Without funasr-onnx." >&2
	@touch $@
