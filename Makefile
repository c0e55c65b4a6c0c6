# `make run` and `make test` need Python 3.10 to 3.13, make and a network; everything else they fetch into .venv.

PYTHON ?= python3
# A package index with torch's small CPU build, such as https://download.pytorch.org/whl/cpu. Empty: pip's own choice.
TORCH_INDEX ?=
# Test files side by side.
TESTS_AT_ONCE ?= 2

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
export PYTHONPATH := include
export SNAPSHOT MONTH MODEL CATEGORIES SAMPLE ROOT SHARD_SIZE

.PHONY: run up test test-celery drills lint bench bench-peers lock clean

run: $(INSTALLED) ## Make a month's record; SNAPSHOT= MONTH= MODEL= CATEGORIES= SAMPLE= ROOT= narrow it
	@$(BIN)/python -m standalone run

up: $(INSTALLED) ## Serve the Airflow UI with what was run
	@$(BIN)/python -m standalone up

test: $(INSTALLED) ## All tests but the slow drills (make drills) and the proof on Celery (make test-celery)
	$(BIN)/python -m pytest --numprocesses $(TESTS_AT_ONCE) --dist loadfile --no-loadscope-reorder

test-celery: $(INSTALLED) ## The pipeline on Celery with PostgreSQL, Redis and S3 makes LocalExecutor's record
	$(BIN)/python -m pytest tests/celery -m "celery and not drill"

drills: $(INSTALLED) ## Every fault on purpose: kills, full disks, bad stores, hostile input; the quick ones are in make test
	STRATA_DRILL_EXAMPLES=400 $(BIN)/python -m pytest tests/drills tests/celery -m drill \
		--numprocesses $(TESTS_AT_ONCE) --dist loadfile --no-loadscope-reorder

lint: $(INSTALLED) ## Style and types
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy include dags

bench: $(INSTALLED) ## Measure this machine; prints ratios; FULL=1 takes an hour; peers of the encoder: make bench-peers
	$(BIN)/python tests/benchmarks/bench_encode.py $(if $(FULL),--full) $(if $(SNAPSHOT),--snapshot $(SNAPSHOT))
	$(BIN)/python tests/benchmarks/bench_shards.py
	$(BIN)/python tests/benchmarks/bench_reduce.py

bench-peers: $(INSTALLED) ## Install what the encoder is measured against into .peers
	$(BIN)/python -m venv --clear .peers
	.peers/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/benchmarks/peers.txt

lock: ## Resolve pyproject.toml's dependencies into requirements.txt (needs uv)
	./.ci/lock

clean: ## Remove what was installed and all that was made in the default root
	rm -rf $(VENV) .peers .strata

$(INSTALLED): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Python 3.10 to 3.13 is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV): about 250 packages, a few minutes, once"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) --requirement requirements.txt
	@touch $@
