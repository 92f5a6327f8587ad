# Everything a person or CI does with this checkout. Needs Python 3.11 or later and make; the rest is installed into .venv.

PYTHON ?= python3
ONCE ?=
ARGS ?=
QUICK ?=
ROWS ?=
BASE ?=
IMAGE ?= handoff:dev
UPGRADE ?=

# What was compiled once is not compiled again at each run.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
UV := $(BIN)/uv
INSTALL := VIRTUAL_ENV=.venv $(UV) pip install --quiet
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(if $(filter-out 1,$(UPGRADE)),$(addprefix --upgrade-package=,$(UPGRADE)),$(if $(UPGRADE),--upgrade))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up unit test check check-deploy calendar faults bench pictures image format lock clean

help: ## List what can be made
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

demo: .venv/.local ## Start everything on this machine and play short stories; ONCE=1 ends after them
	$(BIN)/handoff demo $(if $(ONCE),--once)

up: .venv/.local ## Start Kafka, Postgres, receivers of mail and push, and the three services; Ctrl-C stops them
	$(BIN)/handoff up

unit: .venv/.dev ## Run the pure tests, in seconds: rules and contracts, without servers; few examples of each property
	$(BIN)/python -m pytest --hypothesis-profile=short $(ARGS) tests/unit

test: .venv/.dev ## Run every test, two files at a time; ARGS="-k name tests/unit" chooses some
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile $(ARGS)

check: .venv/.dev ## Lint, formatting, types, import rules, architecture tests, schemas, pinned names
	@failed=0; \
	$(BIN)/ruff check || failed=1; \
	$(BIN)/ruff format --check || failed=1; \
	$(BIN)/mypy || failed=1; \
	$(BIN)/lint-imports --no-logo || failed=1; \
	$(BIN)/python -m pytest tests/architecture tests/contracts/test_schemas.py tests/contracts/test_pinned.py || failed=1; \
	exit $$failed

check-deploy: .venv/.deploy ## Validate the files for Kubernetes without a server (needs kubectl)
	@sh deploy/check/manifests.sh $(BIN)/kubernetes-validate

calendar: .venv/.dev ## Run the tests with the clock at 42 unusual moments (over an hour); QUICK=1 for nine
	$(BIN)/python -m tests.calendar $(if $(QUICK),--quick) $(ARGS)

faults: .venv/.dev ## Break everything in every known way, 3,000 kills (over an hour); QUICK=1 for 300
	$(BIN)/python -m tests.faults $(if $(QUICK),--quick) $(ARGS)
	$(BIN)/python -m tests.hostile.fuzz --records $(if $(QUICK),50000,500000)
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=drawn-anew tests/unit tests/contracts tests/hostile tests/simulation
	$(BIN)/python -m tests.simulation --first 1000000 --histories $(if $(QUICK),10000,100000)

bench: .venv/.dev ## Measure speed and memory; QUICK=1 on small sizes, ROWS="a b" chooses, ARGS="--json FILE"
	$(BIN)/python -m tests.benchmarks.command $(ROWS) $(if $(QUICK),--quick) $(ARGS)

pictures: .venv/.dev ## Draw the pictures of the README anew (needs Chromium)
	PICTURES=docs $(BIN)/python -m pytest tests/browser/test_readme_pictures.py

image: ## Build the container image handoff:dev and check it; BASE and IMAGE name others (needs Docker)
	@BASE='$(BASE)' IMAGE='$(IMAGE)' deploy/check/docker.sh deploy/check/image.sh

format: .venv/.dev ## Rewrite the code as `make check` wants it
	$(BIN)/ruff check --fix-only --exit-zero
	$(BIN)/ruff format

lock: .venv/.uv ## Pin what pyproject.toml asks for; UPGRADE=1 takes newer versions, UPGRADE="tzdata" of one package
	echo uv | $(COMPILE) --output-file requirements/bootstrap.txt -
	$(COMPILE) --extra local --extra dev --group build --output-file requirements/dev.txt pyproject.toml
	$(COMPILE) --extra local --group build --constraint requirements/dev.txt --output-file requirements/local.txt pyproject.toml
	$(COMPILE) --constraint requirements/dev.txt --output-file requirements/runtime.txt pyproject.toml
	$(COMPILE) --group build --constraint requirements/dev.txt --output-file requirements/build.txt
	echo cyclonedx-bom | $(COMPILE) --output-file requirements/sbom.txt -
	echo kubernetes-validate | $(COMPILE) --constraint requirements/dev.txt --output-file requirements/deploy.txt -

clean: ## Remove .venv and every cache; leaves .local, where `make up` keeps its databases
	rm -rf .venv .mypy_cache .dmypy.json .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find services shared deploy tests -type d -name __pycache__ -prune -exec rm -rf {} +

# The stamps: each is made once, and again when what it stands for changes.

.venv/.uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "handoff needs Python 3.11 or later, and '$(PYTHON)' is not: name another with make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "'$(PYTHON)' cannot make virtual environments: install its venv package (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "Preparing .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

.venv/.local: .venv/.uv requirements/local.txt pyproject.toml
	@echo "Installing what the services need"
	@$(INSTALL) --require-hashes -r requirements/local.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.uv requirements/dev.txt pyproject.toml
	@echo "Installing what tests and checks need"
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch .venv/.local $@

.venv/.deploy: .venv/.uv requirements/deploy.txt
	@$(INSTALL) --require-hashes -r requirements/deploy.txt
	@touch $@
