# The commands of this project. `make run` and `make test` need Python >= 3.11 and make, nothing else.

PYTHON ?= python3
PY := .venv/bin/python
# Node.js may have come into the virtual environment, where the machine has none.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: run test pytest scripts check audit sbom scan fuzz burst up down secrets bench bench-ticks bench-bursts bench-latency bench-history bench-page bench-login bench-logs \
  bench-cost bench-events bench-fanout bench-health bench-growth bench-spread bench-start bench-threads bench-workers bench-limits test-celery test-rabbitmq test-reads soak pictures lock clean faults test-containers

run: ## The whole panel on this machine, with a demo to watch; Ctrl-C ends it.
	@exec $(PYTHON) -m standalone.bootstrap run

test: ## Install what the tests need, then run every check and test.
	@tests/install-debian
	@$(PYTHON) -m standalone.bootstrap test
	@$(MAKE) --no-print-directory -j2 --output-sync pytest check scripts

# `+`: its progress is shown at once; what the others say comes when they have ended, so that nothing is mixed up.
PROCESSES ?= 6
pytest:
	+$(PY) -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

scripts:
	node --test tests/js/*.test.js

check: ## Format, lint, types, the page's pure modules; `run `make test` once before.
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	node_modules/.bin/tsc --noEmit -p jsconfig.json
	$(PY) -m bandit -q -ll -r app collector settings store standalone demo deploy migrations *.py
	@git ls-files -z -- $(SEARCHED) | xargs -0 .venv/bin/detect-secrets-hook
	@$(PY) -m tools.advisories

# The tests and the words of the login form are full of passwords that are none; hashes of packages look like keys.
SEARCHED = ':!tests' ':!static/locales' ':!requirements.txt' ':!requirements/*.txt' ':!package-lock.json' ':!docs/images'

audit: ## Known vulnerabilities of what is installed, as in `check`; what cannot be looked up is a failure here.
	@$(PY) -m tools.advisories --strict

sbom: ## What the product is made of, as CycloneDX: sbom-python.json and sbom-page.json.
	.venv/bin/cyclonedx-py requirements --output-reproducible requirements.txt -o sbom-python.json
	npm sbom --omit=dev --sbom-format=cyclonedx > sbom-page.json

scan: ## Wapiti, in an environment of its own, against the running product, signed in; some ten minutes.
	@test -x .venv-scan/bin/wapiti || $(PYTHON) -m venv .venv-scan
	@.venv-scan/bin/python -m pip install -q --require-hashes -r requirements/scan.txt
	@$(PY) -m tools.scan 600

fuzz: ## N made-up requests at every address of a running panel: nothing may fail, leak or hang; make fuzz N=100000
	@$(PY) -m tools.fuzz $(N)

N ?= 100
FAIL ?= 0
burst: ## A dispatch against the running demo: make burst N=150; FAIL=3 of them fail, to be seen in the logs.
	@if [ -x $(PY) ]; then exec $(PY) -m demo.burst $(N) $(FAIL); else exec docker compose exec -T demo python -m demo.burst $(N) $(FAIL); fi

up: ## The whole panel in containers, its secrets made where missing; also PROFILE=demo, PROFILE=host-detail, or both with a comma.
	@$(PYTHON) -m deploy up

down: ## End its containers, of every profile; their data stay.
	@$(PYTHON) -m deploy down

secrets: ## What the containers need, as files in deploy/secrets; what exists is kept.
	@$(PYTHON) deploy/credentials.py

test-celery: ## The question to the workers against Celery 4.4 to 5.6 beside the pinned one, some ten minutes.
	CELERY_VERSIONS="4.4.7 5.0.5 5.1.2 5.2.7 5.3.6 5.4.0 5.5.3 5.6.2" $(PY) -m pytest -q tests/live/test_worker_inspect.py

test-rabbitmq: ## The tests that run RabbitMQ, against Debian trixie's 4.0; root on Debian. RABBITMQ_DIR=… keeps it for the next time.
	@tests/engine/install-debian
	@$(PY) -m tests.newer_rabbitmq

test-reads: ## What is sent to watched services, recorded for five minutes of outages and restarts. WATCH_MINUTES=60: longer.
	WATCH_MINUTES=$${WATCH_MINUTES:-5} $(PY) -m pytest -q tests/live/test_least_rights.py

bench: ## Every claim about cost and speed beside its peers, an hour; keeps bench/results. BENCH=--quick: smaller.
	@bench/install-debian
	@$(PY) -m bench $(BENCH)

bench-limits: ## Regressions of speed and CPU time, each against its limit; on a quiet machine, half a minute.
	$(PY) -m pytest -q bench/limits

soak: ## A day in a quarter of an hour, and nothing may grow. SOAK=--quick: two minutes; SOAK=--real: an hour at 3 s.
	@$(PY) -m bench.soak $(SOAK)

bench-cost bench-events bench-fanout bench-health bench-spread: bench-%: ## The same claim by claim, beside the peers.
	@bench/install-debian
	@$(PY) -m bench.$*

bench-ticks bench-bursts bench-latency bench-history bench-page bench-login bench-logs bench-growth bench-start bench-threads bench-workers: bench-%: ## The claims without peers.
	@$(PY) -m bench.$*

faults: ## Cause and measure every fault of docs/faults.md, some fifteen minutes; FAULTS=--write writes it anew.
	@tests/install-debian
	@$(PYTHON) -m standalone.bootstrap test
	@$(PY) -m bench.faults $(FAULTS)

test-containers: ## The containers on a real engine, as an operator runs them, ten minutes; DOCKER_HOST names one that runs.
	@tests/engine/install-debian
	@$(PYTHON) -m tests.engine

pictures: ## The pictures of README and docs, half a minute.
	@$(PY) -m docs.pictures

lock: ## Pin requirements.in and requirements/*.in anew, with hashes (needs uv).
	for each in requirements $(addprefix requirements/,standalone dev pip node redis scan old-redis); do \
	  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    $$(case $$each in *old-redis) echo --no-deps;; esac) \
	    --default-index https://pypi.org/simple $$each.in -o $$each.txt || exit 1; \
	done

clean: ## Take away what was installed and built, never the data in var/.
	rm -rf .venv .venv-scan node_modules static/vendor static/built .mypy_cache .ruff_cache .pytest_cache .hypothesis
