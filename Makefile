# Every target sets up what it needs, once; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
TOOLS := .local
STAMPS := $(TOOLS)/stamps
PYTHONPATH := $(CURDIR)
export PYTHONPATH
STARTED := $(shell date +%s)
took = echo "$(1) took $$(( $$(date +%s) - $(STARTED) )) s"
export PIP_DISABLE_PIP_VERSION_CHECK := 1

FEED := simulated
AREA := Barcelona
NETWORK := movistar
MINUTES := 60
SOURCES := glue_streaming dbt_project dashboard infra tests
MODELS := dbt_project/models dbt_project/tests dbt_project/analyses
# A Spark or a local AWS a worker: tests of one file share it.
IN_PARALLEL := --numprocesses 2 --dist loadfile

##@ Run
.PHONY: demo
demo: setup ## Set up and run the whole system on simulated phones; ends with the dashboard's URL, Ctrl-C stops it. FEED=replay: on the real slice
	@exec $(BIN)/python -m infra.local demo --feed $(FEED) $(ARGS)

.PHONY: up
up: setup ## Start the local AWS in the background, to work by hand
	@exec $(BIN)/python -m infra.local up

.PHONY: outage
outage: setup ## Break a network of a running simulated feed: AREA=Barcelona NETWORK=movistar MINUTES=60
	@. infra/local/aws.env; exec $(BIN)/python -m infra.feed outage --outages s3://telcopulse-artifacts/feed/outages \
		--area "$(AREA)" --network "$(NETWORK)" --minutes "$(MINUTES)"

.PHONY: down
down: setup ## Stop what `make up` or `make demo` started
	@exec $(BIN)/python -m infra.local down

.PHONY: smoke
smoke: setup ## One pass of the slice through the whole path without a screen; prints one JSON line
	@exec $(BIN)/python -m infra.local smoke $(ARGS)

##@ Test
.PHONY: test
test: setup $(STAMPS)/debian check ## Set up and run the tests: unit, integration, chaos (short), end to end; all but the slow ones (about 50 minutes)
	@$(BIN)/python -m pytest tests/unit $(IN_PARALLEL) $(ARGS)
	@$(BIN)/python -m pytest tests/integration tests/chaos -m "not slow" $(IN_PARALLEL) $(ARGS)
	@$(BIN)/python -m pytest tests/e2e $(ARGS)
	@$(call took,make test with its set-up)

.PHONY: test-slow
test-slow: setup ## The slow integration tests: kills, races, restores, planted bugs, a whole account of Terraform's (about 40 minutes)
	@$(BIN)/python -m pytest tests/integration -m slow $(IN_PARALLEL) $(ARGS)
	@$(call took,make test-slow)

.PHONY: unit
unit: setup ## The unit tests only (about 4 minutes)
	@exec $(BIN)/python -m pytest tests/unit $(IN_PARALLEL) $(ARGS)

.PHONY: chaos
chaos: setup $(STAMPS)/debian ## Kill the job 30 times in bad weather and count every record; prints one JSON line (about 15 minutes)
	@exec $(BIN)/python -m tests.chaos $(ARGS)

.PHONY: test-infra
test-infra: setup ## Terraform's rules; the whole account applied, planned, released, destroyed; what its roles may not do (about 10 minutes)
	@CI_REQUIRES_TERRAFORM=1 $(BIN)/python -m pytest -s tests/integration/test_terraform_configuration.py \
		tests/integration/test_terraform_account.py tests/integration/test_release_scripts.py tests/unit/test_access.py \
		tests/e2e/test_roles.py $(ARGS)
	@$(call took,make test-infra)

.PHONY: histories
histories: setup ## The incremental rule against many generated histories: make histories SEEDS=1-20
	@TELCOPULSE_HISTORY_SEEDS=$(or $(SEEDS),1-20) $(BIN)/python -m pytest tests/integration/test_incremental_rule.py -k step_by_step $(ARGS)

.PHONY: maintenance
maintenance: setup ## Compact and expire the raw table while a writer commits: make maintenance COMMITS=1000; prints one JSON line
	@TELCOPULSE_COMMITS=$(or $(COMMITS),1000) $(BIN)/python -m pytest -s tests/integration/test_raw_maintenance.py $(ARGS)

.PHONY: check
check: setup ## Lint, format check, types and SQL lint
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar $(MODELS)

.PHONY: format
format: setup ## Format Python and SQL in place
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/sqlfluff fix --disable-progress-bar $(MODELS)

##@ Measure
.PHONY: bench-local
bench-local: setup ## Speed and memory of the local AWS; prints one JSON line (about 3 minutes)
	@exec $(BIN)/python -m tests.bench.bench_local $(ARGS)

.PHONY: bench-ingest
bench-ingest: setup ## Speed of the source, of a steady stream, and of parse + append beside DuckDB; one JSON line (about 12 minutes)
	@exec $(BIN)/python -m tests.bench.bench_ingest $(ARGS)

.PHONY: bench-marts
bench-marts: setup ## What a refresh costs with 8 and with 80 days of history, before and after compaction; one JSON line
	@exec $(BIN)/python -m tests.bench.bench_marts $(ARGS)

.PHONY: bench-freshness
bench-freshness: setup ## 200 events/s for ten minutes through the whole system: from put to visible in a mart; one JSON line
	@exec $(BIN)/python -m tests.bench.bench_freshness $(ARGS)

.PHONY: bench-dashboard
bench-dashboard: setup $(STAMPS)/debian ## How soon a page stands, and what 1, 5 and 20 viewers cost; one JSON line (about 20 minutes)
	@exec $(BIN)/python -m tests.bench.bench_dashboard $(ARGS)

.PHONY: cost
cost: setup ## What an account costs a day at 1,000, 10,000 and 100,000 events/s, by component
	@exec $(BIN)/python -m infra.cost

.PHONY: score-outages
score-outages: setup ## How well outages are found in simulated weeks (writes docs/outage-scores.md) or in --history FOLDER; prints one JSON line
	@exec $(BIN)/python -m tests.bench.score_outages $(ARGS)

##@ Release
.PHONY: package
package: setup ## What a release uploads: the job, the images' contexts, saved queries; into build/, with its checksums
	@exec $(BIN)/python -m infra.release.package $(ARGS)

##@ Document
.PHONY: docs
docs: setup ## Make the pages anew that come from code: event contract, data dictionary
	@$(BIN)/python -m glue_streaming.event_schema docs
	@DBT_PROFILES_DIR=dbt_project $(BIN)/python -m dbt_project.data_dictionary docs/data-dictionary.md

.PHONY: screenshots
screenshots: setup $(STAMPS)/debian ## Take the documentation's pictures of a running demo's pages anew
	@exec $(BIN)/python -m tests.e2e.screenshots $(ARGS)

.PHONY: dbt-docs
dbt-docs: setup ## Make dbt's docs site of a running stack in target/; serve it with `dbt docs serve`
	@. infra/local/aws.env && exec $(BIN)/dbt docs generate $(ARGS)

##@ Set up
.PHONY: setup
setup: $(VENV)/.stamp $(STAMPS)/java ## Python environment, Trino and the Spark jars (done once; about 4 minutes)

.PHONY: lock
lock: $(VENV)/.stamp ## Compile requirements.lock anew from pyproject.toml, and the images' from it
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-emit-index-url --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock
	for image in dashboard/requirements infra/release/refresh; do \
		$(BIN)/uv pip compile --quiet --python-version 3.13 --python-platform linux --generate-hashes \
			--no-emit-index-url --custom-compile-command "make lock" --constraint requirements.lock \
			$$image.in --output-file $$image.lock; done

.PHONY: clean
clean: ## Remove everything that setup and runs made
	rm -rf $(VENV) $(TOOLS) build target logs

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.stamp: requirements.lock infra/local/prerequisites.sh
	@python=$$(infra/local/prerequisites.sh); \
	echo "setup 1/2: Python packages into $(VENV) (about 3 minutes)"; \
	"$$python" -m venv $(VENV); \
	$(BIN)/pip install --progress-bar $(if $(CI),off,on) $(if $(CI),--quiet,) --no-deps --require-hashes -r requirements.lock
	@touch $@

$(STAMPS)/java: infra/local/pom.xml infra/local/spark_conf.py | $(VENV)/.stamp
	@echo "setup 2/2: Trino and the Iceberg jars into $(TOOLS) (650 MB, about a minute)"
	@mkdir -p $(STAMPS); rm -rf $(TOOLS)/trino $(TOOLS)/jars $(TOOLS)/maven
	@mvn --batch-mode --strict-checksums $(if $(CI),--no-transfer-progress --quiet,) -f infra/local/pom.xml generate-resources
	@$(BIN)/python -m infra.local.spark_conf
	@touch $@; $(call took,setup)

$(STAMPS)/debian: | $(VENV)/.stamp
	@mkdir -p $(STAMPS); { command -v chromium && ls /usr/lib/*/faketime/libfaketimeMT.so.1; } >/dev/null 2>&1 || { \
		echo "setup: Chromium for the dashboard's tests, libfaketime for the chaos run"; \
		command -v apt-get >/dev/null || { echo "error: no apt-get to install chromium and libfaketime: install both and run again" >&2; exit 1; }; \
		sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$sudo apt-get -qq update && $$sudo apt-get -qq install -y --no-install-recommends chromium fonts-dejavu-core libfaketime; }
	@touch $@
