# The two main commands: make run, make test.
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The Python that makes .venv: the first that is 3.11 or later. PYTHON=… selects another.
PYTHON := $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))) python3)
# "-m" everywhere: the scripts in .venv/bin do not work if the checkout's path contains a space.
VENV := .venv/bin/python

# Enough to read settings.py; no connection is opened.
NOWHERE := DATABASE_URL=postgres://localhost/none REDIS_URL=redis://localhost/1
PRODUCTION := DEBUG=0 HTTPS=1 DJANGO_SECRET_KEY=$$($(VENV) -c "import secrets; print(secrets.token_urlsafe(64))")

BENCHMARKS := coherence releases cost outage throughput recalculation lists staff

.PHONY: run test test-fast lint bench drills benchmark examples flower install peers psycopg3 requirements

# Everything at once on http://127.0.0.1:8000 until Ctrl-C; PORT=8001 picks another port.
run: install
	@exec $(VENV) manage.py run --end-with-parent

# ARGS="tests/courses -k top" runs a part of it.
test: install
	$(VENV) -m pytest -n logical --maxprocesses 4 $(ARGS)
	$(if $(ARGS),,TEST_REDIS=cluster $(VENV) -m pytest -n logical --maxprocesses 4 tests/caching)

# The inner loop, within a minute: the cache, and what each app does over the API.
FAST := tests/caching/test_schedules.py tests/caching/test_writes.py tests/caching/test_findings.py tests/ratelimit \
	tests/courses/test_catalogue_views.py tests/services/test_views.py tests/tasks/test_tasks.py \
	tests/topics/test_api_views.py tests/accounts/test_tokens.py tests/web tests/docs/test_links.py

test-fast: install
	$(VENV) -m pytest -q -n logical --maxprocesses 4 -m "not slow" $(FAST)

lint: install
	$(VENV) -m ruff check
	$(VENV) -m ruff format --check
	$(VENV) -m devtools.language
	$(NOWHERE) DEBUG=1 $(VENV) -m mypy
	$(NOWHERE) DEBUG=1 $(VENV) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"
	DEBUG=1 $(VENV) manage.py makemigrations --check --dry-run
	$(NOWHERE) $(PRODUCTION) $(VENV) manage.py check --deploy --fail-level WARNING
	$(NOWHERE) DEBUG=1 $(VENV) manage.py spectacular --validate --fail-on-warn --file /dev/null

bench: peers
	$(foreach name,$(BENCHMARKS),$(VENV) -m benchmarks.$(name) &&) $(VENV) -m benchmarks.coherence --nemesis

# Deploys and failures of every server under load, in some 15 minutes: one table, exit code 1 if a bound is missed.
# ARGS="--quick Redis" runs a part of it.
drills: install
	$(VENV) -m benchmarks.drills $(ARGS)

# Reads before and after the cache, in a minute (pytest-benchmark). make test compares their ratios.
benchmark: install
	$(VENV) -m pytest -q -n 0 -p no:randomly --benchmark-enable --benchmark-max-time=0.5 \
		--benchmark-columns=median,iqr,ops,rounds tests/sources/test_1_reads_before_and_after_the_cache.py

# Record the examples of the OpenAPI schema from the demo data. make test compares them.
examples: install
	RECORD_EXAMPLES=1 $(VENV) -m pytest -q -n 0 -p no:randomly tests/api/test_examples.py

# Celery's monitor on http://127.0.0.1:5555, until Ctrl-C.
flower: install
	@exec $(VENV) manage.py flower

# Install what .venv lacks: `uv sync` changes it, too. An existing one is kept: uv may have made it, without pip.
define INSTALL
@if ! $(VENV) -m devtools.requirements check $(1) 2>/dev/null; then \
	echo "Installing into .venv (about a minute)"; \
	{ $(VENV) -c pass 2>/dev/null || $(PYTHON) -m venv .venv; } && \
	{ $(VENV) -m pip --version >/dev/null 2>&1 || $(VENV) -m ensurepip >/dev/null; } && \
	$(VENV) -m pip install --quiet --use-pep517 -r $(1); fi
endef

install:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; is there one? Then: make PYTHON=/path/to/it")'
	$(call INSTALL,requirements-dev.txt)

# What the benchmarks compare with.
peers: install
	$(call INSTALL,requirements-bench.txt)

# The other driver, under var/: for the tests of caching/ in a stranger's project, which also install it.
psycopg3: install
	@$(VENV) -m tests.caching.psycopg3

# After a change of the dependencies in pyproject.toml.
requirements: install
	@$(VENV) -m devtools.requirements write
