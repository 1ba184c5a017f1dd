# The same words everywhere; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup setup-directory native run test check lint bench bench-peers bench-soak bench-growth fix lock

PYTHON ?= python3
BIN := .venv/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore $(PYTHON) -m pip --python $(BIN)/python install -qq
PYTEST_ARGS ?=
UV_COMPILE := uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --upgrade --python-version 3.11
CODE := src tests $(wildcard benchmarks)
# Python keeps what it compiled: to compile all tests anew takes seconds in each process.
unexport PYTHONDONTWRITEBYTECODE

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

setup: .venv/ready ## make .venv with everything in it (does nothing when it is up to date)

# No pip inside: the one that came with Python fills the venv, so `ensurepip` may be missing.
.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Watchword needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip .venv
	@echo "setup: installing what requirements.lock names"
	@$(PIP) --require-hashes --only-binary :all: -r requirements.lock
	@$(PIP) --no-index --no-deps --no-build-isolation --editable .
	@touch .venv/ready

setup-directory: .venv/directory-ready ## add what Active Directory and Kerberos need (compiled here)

# There are no wheels for Linux. The tools that build them stand in requirements.lock.
.venv/directory-ready: requirements-directory.lock requirements-kerberos.lock | .venv/ready
	@printf '#include <%s>\n' Python.h ldap.h sasl/sasl.h gssapi/gssapi.h | $(CC) -E \
		-I"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))')" - >/dev/null 2>&1 || \
		{ echo "setup-directory: a C compiler or headers are missing. On Debian: apt-get install gcc libkrb5-dev libldap2-dev libsasl2-dev python3-dev"; exit 1; }
	@echo "setup: building what requirements-directory.lock and requirements-kerberos.lock name"
	@$(PIP) --require-hashes --no-build-isolation -r requirements-directory.lock -r requirements-kerberos.lock
	@touch .venv/directory-ready

# Two processors may differ in a word and one of them dies of it, so this is for no image and no other machine.
native: setup ## compile the password hash for this very processor: twice as many log-ins (never fails)
	@native/build.sh $(PYTHON) .venv

run: setup ## serve a demo on http://127.0.0.1:9261 (admin / Admin123)
	@! command -v $(CC) >/dev/null || native/build.sh $(PYTHON) .venv
	@exec $(BIN)/watchword serve --demo

# Three at once on two processors: many tests wait, for a lease to end or a letter to come.
test: setup ## run all tests, the slow ones too
	@$(BIN)/pytest -n 3 --dist worksteal $(PYTEST_ARGS)

check: lint ## lint, and run the fast tests, two examples of each
	@$(BIN)/pytest -q -n auto -m "not slow" $(PYTEST_ARGS)

lint: setup ## look at format, style, types and import contracts
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/mypy $(CODE)
	@$(BIN)/lint-imports

bench: setup ## measure us beside the limit of the machine (BENCH_ARGS="--only ...")
	@$(BIN)/python benchmarks/run.py $(BENCH_ARGS)

bench-peers: setup ## measure us beside what people would pick instead (BENCH_PEERS_ARGS="--only ...")
	@PYTHONPATH=benchmarks $(BIN)/python -m peers.run $(BENCH_PEERS_ARGS)

bench-soak: setup ## look for ten minutes whether the server grows under load
	@$(BIN)/python benchmarks/soak.py

bench-growth: setup ## measure the same things in stores of 1,000, 100,000 and 1,000,000 accounts
	@$(BIN)/python benchmarks/growth.py

fix: setup ## put the code into format, repair what ruff can, and draw docs/map.md
	@$(BIN)/ruff format $(CODE)
	@PYTHONPATH=tests $(BIN)/python -m architecture.drawing
	@$(BIN)/ruff check --fix $(CODE)

# The extras have locks of their own, since they are compiled; what is in both has one version.
lock: ## write the requirements*.lock anew (needs uv)
	@$(UV_COMPILE) --only-binary :all: --group pyproject.toml:dev pyproject.toml -o requirements.lock >/dev/null
	@for extra in directory kerberos; do \
		$(PYTHON) -c 'import sys, tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][sys.argv[1]], sep="\n")' $$extra | \
		$(UV_COMPILE) --constraints requirements.lock - -o requirements-$$extra.lock >/dev/null || exit 1; done
	@$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["native"], sep="\n")' | \
		$(UV_COMPILE) --no-deps --no-binary argon2-cffi-bindings - -o requirements-native.lock >/dev/null
