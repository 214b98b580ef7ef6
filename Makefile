# make demo    crawl a bundled website on this machine and show what gossamer says about it
# make test    run the test suite, servers included where they can be installed
# make check   lint, formatting, types, floors, that no stage of the hot path became slower, and that the site builds
# make race    measure gossamer beside other crawlers and write docs/benchmarks.md; e.g. ARGS="--pages 1500"
# make docs    build the documentation site into build/site, and fail on a link that leads nowhere
# make wheel   build a wheel and an sdist into dist/
# make guard-renew    record what the hot path costs now, after a deliberate change
# make crash-test    kill real crawls with SIGKILL, 50 times on each engine, and see that nothing is lost or doubled
# make cluster-test    crawl on several workers and on a Ray cluster, and kill, freeze and cut off; takes half an hour
# make fuzz MINUTES=15        read nasty pages quickly and token by token, and compare
# make simulate SEEDS=5000    strike simulated crawls dead at random steps and see that nothing is lost
# Both `demo` and `test` set up everything they need, in .venv, on a fresh machine with Python >= 3.11.

PY := .venv/bin/python
# More than the 2 cores that this is meant for: many tests wait for servers, databases and rests.
JOBS ?= 3
ARGS ?=

# Images often set this. The tests start hundreds of interpreters, and each would compile gossamer anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-all fuzz simulate crash-test cluster-test coverage check docs wheel test-wheel format mutants bench race guard guard-renew lock clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

# A stamp is newer than what it was made from: setting up again costs nothing until a lock changes.
NATIVE := hatch_build.py $(wildcard src/gossamer/parse/links/_*.[ch])
.venv/ready: pyproject.toml requirements.lock .ci/setup $(NATIVE)
	@.ci/setup requirements.lock && touch $@

.venv/ready-dev: pyproject.toml requirements-dev.lock .ci/setup $(NATIVE)
	@.ci/setup requirements-dev.lock && touch .venv/ready $@

demo: .venv/ready
	@.venv/bin/gossamer demo $(ARGS)

test: .venv/ready-dev
	@.ci/servers nginx-light postgresql
	@$(PY) -m pytest -q -n $(JOBS) --dist worksteal -m "not slow" $(ARGS)

test-all: .venv/ready-dev
	@.ci/servers nginx-light postgresql openjdk-17-doc chromium python3-doc cppreference-doc-en-html postgresql-doc-15
	@$(PY) -m pytest -q -n $(JOBS) --dist worksteal -m "not cluster" $(ARGS)

# Real workers on 20 hosts of 1,000 pages, with every fault there is, ten minutes of faults at random, and a Ray cluster.
cluster-test: .venv/ready-dev
	@.ci/servers postgresql
	@$(PY) -m pip install --quiet 'ray>=2.50'
	@$(PY) -m pytest -q tests/cluster -m cluster -p no:cacheprovider $(ARGS)

# Real crawls, engines and servers, and a real SIGKILL; e.g. ARGS="--kills 10 --engines asyncio".
crash-test: .venv/ready-dev
	@.ci/servers nginx-light openjdk-17-doc
	@PYTHONPATH=src:. $(PY) -m tests.crash.kill $(ARGS)

# Crawls in a pretended world, struck dead at random steps: tests/simulation/simulator.py. A seed is always the same.
MINUTES ?= 15
SEEDS ?= 500
FIRST ?= 0
fuzz: .venv/ready-dev
	@PYTHONPATH=src $(PY) tests/parse/fuzz_scan.py --minutes $(MINUTES) $(ARGS)
	@$(PY) tests/parse/fuzz_native.py

simulate: .venv/ready-dev
	@PYTHONPATH=src:. $(PY) -m tests.simulation.simulate --seeds $(SEEDS) --first $(FIRST) $(ARGS)

# Only lines count here: a test with a time limit may fail while it is traced, and `make test` is its judge. Tests of the
# floors above meet the core too, but reach no line of it that its own tests leave out.
ABOVE := $(addprefix --ignore=tests/, api/test_fetch_all.py bench browser cli crash demo engines/test_processes.py \
    fetchers outputs politeness project)
coverage: .venv/ready-dev
	@$(PY) -m pytest -q -n $(JOBS) --dist worksteal -m "not slow and not server" -k "not processes" $(ABOVE) \
	    --cov --cov-report= --cov-fail-under=0 --tb=no --no-summary $(ARGS) || true
	@.venv/bin/coverage report

check: .venv/ready-dev
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/basedpyright --pythonpath $(PY)
	@$(PY) -m pytest -q tests/test_floors.py
	@$(PY) -m benchmarks.guard
	@$(MAKE) --no-print-directory docs

# The theme announces on every run what the next version of mkdocs will break; the lock keeps that version out. With
# --quiet, --strict would pass over broken links.
docs: .venv/ready-dev
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict

wheel: .venv/ready-dev
	@$(PY) -m build --outdir dist

# Install the wheel into a clean environment without a compiler, and crawl the demo there.
test-wheel: .venv/ready-dev
	@$(PY) -m pytest -q tests/project/test_wheel.py

guard: .venv/ready-dev
	@$(PY) -m benchmarks.guard $(ARGS)

guard-renew: .venv/ready-dev
	@$(PY) -m benchmarks.guard --renew

format: .venv/ready-dev
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

mutants: .venv/ready-dev
	@$(PY) tests/project/mutants.py $(ARGS)

bench: .venv/ready-dev
	@.ci/servers nginx-light openjdk-17-doc
	@$(PY) benchmarks/starting_point/run.py $(ARGS)

race: .venv/ready-dev
	@.ci/servers nginx-light openjdk-17-doc cppreference-doc-en-html wget wget2 httrack
	@$(PY) benchmarks/peers/run.py $(ARGS)

# Many hosts over TLS, with pages like those of the live web; e.g. ARGS="--pages DIR --race broad".
race-web: .venv/ready-dev
	@.ci/servers nginx-light wget2
	@$(PY) benchmarks/real_web/run.py $(ARGS)

# What other link checkers find on the same site; e.g. ARGS="--site cppreference --with lychee".
compare-checkers: .venv/ready-dev
	@.ci/servers nginx-light openjdk-17-doc python3-doc cppreference-doc-en-html postgresql-doc-15
	@$(PY) -m benchmarks.checkers.compare $(ARGS)

lock: .venv/ready-dev
	@$(PY) -m pip install --quiet uv
	@for wanted in "requirements.lock" "requirements-cluster.lock --extra cluster --extra remote" \
	    "requirements-dev.lock --extra cluster --extra parquet --extra remote --extra text --extra xpath --group dev --group docs"; do \
	    .venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet --upgrade \
	        --custom-compile-command "make lock" -o $$wanted || exit 1; \
	done

clean:
	@rm -rf .venv build dist .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis demo.crawl
