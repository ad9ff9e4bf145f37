# What people and CI run. Needs make and Python 3.11; everything else is installed into $(VENV).

PYTHON ?= $(shell for p in python3.11 python3; do $$p -c '' 2>/dev/null && { echo $$p; exit; }; done; echo python3)
VENV ?= .venv
PORT ?= 8501
# Extra arguments, e.g. make test ARGS="tests/core -x", make train ARGS="--data my-folder".
ARGS ?=
# Where PyTorch publishes its build without CUDA: gigabytes less on Linux. Other systems get it anyway.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
TORCH := $(shell sed -n 's/^torch==//p' requirements.txt)

# The stamps carry a checksum of what they vouch for, so neither dates nor branches matter.
checksum = $(shell cat $(1) | cksum | cut -d ' ' -f 1)
PINS := constraints.txt requirements-serve.txt requirements.txt
READY := $(VENV)/.ready-$(call checksum,$(PINS))
READY_DEV := $(VENV)/.ready-dev-$(call checksum,$(PINS) requirements-dev.txt)

.PHONY: help run models official test check format train verify bench samples fuzz

help: ## Show what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{printf "make %-9s %s\n", $$1, $$2}'

run: models ## Install what is missing, prepare the models, and serve the app at http://localhost:8501 (PORT=)
	@$(PY) serve.py $(PORT)

models: $(READY) ## Derive the inference engine's files from the bundles, once
	@$(PY) -m core.models.engine.derive --all || echo "The app goes on without that."

test: $(READY_DEV) ## Run the tests (ARGS= for pytest)
	@$(PY) -m pytest $(ARGS)

check: $(READY_DEV) ## Check format, lint and types
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy

format: $(READY_DEV) ## Format the code and mend what the linter can
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

train: $(READY) ## Train all models and build a bundle (ARGS= for python -m train all)
	@$(PY) -m train all $(ARGS)

fuzz: $(READY_DEV) ## Feed the reader damaged files, many more than the tests do (EXAMPLES=20000)
	@THORAXLENS_FUZZ=$(or $(EXAMPLES),20000) $(PY) -m pytest tests/fuzz $(ARGS)

verify: $(READY) ## Recompute the bundle's predictions from its weights, all rows (THORAXLENS_DATA= the images)
	@$(PY) -m train evaluate --verify $(ARGS)

bench: $(READY) ## Measure speed and memory against the budgets
	@$(PY) tests/benchmarks/budgets.py $(ARGS)

official: $(READY) ## Download torchxrayvision's official findings weights, for the app to use from then on
	@$(PY) -m train official

samples: $(READY) ## Render the sample radiographs again, byte for byte
	@$(PY) -m train samples $(ARGS)

# A stamp is written last, so an interrupted installation is taken up again. PyTorch comes first: its CPU
# build where pip already knows of one, else from its own index, else whatever the registry has. It and
# TensorFlow make up most of the download and come with pip's bar, which pip cannot show without its other lines.
$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "ThoraxLens needs Python 3.11; say where it is: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PY) -c '' 2>/dev/null || \
	  { echo "Setting up a folder for Python packages, $(VENV) (once) ..."; $(PYTHON) -m venv --clear $(VENV); }
	@rm -f $(VENV)/.ready-*
	@echo "Setting up PyTorch and TensorFlow (once, some minutes: about 500 MB) ..."
	@test "$$(uname -s)" != Linux || $(PIP) install --quiet --no-deps 'torch==$(TORCH)+cpu' 2>/dev/null || \
	  $(PIP) install --no-deps --extra-index-url $(TORCH_INDEX) 'torch==$(TORCH)'
	@grep '^tensorflow' requirements.txt | $(PIP) install --no-deps -r /dev/stdin
	@echo "Setting up the other Python packages (once, some minutes) ..."
	@$(PIP) install --quiet --quiet -r requirements.txt
	@touch $@

$(READY_DEV): $(READY)
	@echo "Setting up the tools for tests and checks (once) ..."
	@$(PIP) install --quiet --quiet -r requirements-dev.txt
	@touch $@
