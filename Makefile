# Needs only Python 3.11 or newer (with venv) and make.  `make demo` and `make test` are where to start.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready

.PHONY: demo test check docs check-full bench bench-once bench-peers robustness stress supply clean

demo: $(READY)
	$(BIN)/electrodiff run cases/resting_potential.toml --out results/resting_potential
	@echo "The figures are in results/resting_potential: profiles.png, debye_layers.png, charge.png, field.png and electrochemical_potentials.png"

test: $(READY)
	$(BIN)/python tests/compile_kernels.py
	$(BIN)/python -m pytest -n 2

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The documentation as a site: pages put together and generated, built with warnings as errors, links checked.
docs: $(READY)
	$(BIN)/python docs/_ext/assemble.py build/docs-source
	$(BIN)/sphinx-build -q -W --keep-going -E -j 2 -c docs build/docs-source build/docs
	$(BIN)/python docs/_ext/check_links.py build/docs
	@echo "The site is build/docs/index.html"

# Everything, most of it too long for CI: hours.  CI solves 300 random cases and tries 500 mutations, verifies with --quick,
# checks the indices of Newton's method alone, and has one Python with one set of versions.
check-full: check test docs stress bench robustness supply

# Hard on the program: every number of the built-in validation, wrong files, killed runs, every index checked.
stress: $(READY)
	$(BIN)/electrodiff verify
	$(BIN)/python tests/kernels/bounds.py
	$(BIN)/python benchmarks/mutations.py --count 20000 --seed 2024 --workers 2
	$(BIN)/python benchmarks/faults.py --count 50

# What is handed out: installed from a wheel, with the oldest and the newest versions, on every Python of this machine.
supply: $(READY)
	$(BIN)/python benchmarks/supply.py oldest
	$(BIN)/python benchmarks/supply.py newest
	$(BIN)/python benchmarks/supply.py pythons
	-$(BIN)/python benchmarks/supply.py audit

# The benchmarks once, for their answers and not for their times.
bench-once: $(READY)
	$(BIN)/python -m pytest benchmarks --benchmark-disable

bench: $(READY)
	@mkdir -p build
	$(BIN)/python -m pytest benchmarks --benchmark-columns=min,median,max,rounds --benchmark-sort=name \
		--benchmark-json build/benchmarks.json
	$(BIN)/python benchmarks/store.py build/benchmarks.json
	$(BIN)/python benchmarks/compare_steady.py
	$(BIN)/python benchmarks/compare_transient.py

# Beside other programs, which are no dependencies and have an environment of their own; the tables and the figure of
# docs/performance.md and the figure of docs/time.md are made anew.
PEERS = build/peers

bench-peers: $(PEERS)/.ready
	PYTHONPATH=benchmarks $(PEERS)/bin/python -m peers --write
	$(PEERS)/bin/python benchmarks/compare_transient.py
	$(PEERS)/bin/python benchmarks/work_precision.py

$(PEERS)/.ready: pyproject.toml constraints.txt benchmarks/requirements-peers.txt
	$(PYTHON) -m venv $(PEERS)
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(PEERS)/bin/python -m pip install --quiet \
		--editable . -r benchmarks/requirements-peers.txt
	@touch $@

robustness: $(READY)
	$(BIN)/python benchmarks/robustness.py --cases 10000 --workers 2 --seed 2024
	$(BIN)/python benchmarks/robustness.py --cases 10000 --workers 2 --seed random

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet --editable '.[dev]'
	$(BIN)/electrodiff compile
	@touch $@

clean:
	rm -rf $(VENV) results build dist
