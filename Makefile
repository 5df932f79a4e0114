# Agent Platform. `make help` lists what there is.

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo "$$python"; break; }; done)
BIN := .venv/bin
IN_VENV := PATH="$(CURDIR)/$(BIN):$$PATH"
PYTEST_ARGS ?= -n 3 --dist loadfile --no-loadscope-reorder
export INPUT QUESTION
# Every process would compile all modules anew, which takes a third of its start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run demo test test-security test-thorough test-sqs chaos chaos-sqs sqs check bench-tenancy bench-engine bench-gateway bench-gateway-peers bench-tools schema env-example states deps bootstrap-run bootstrap-dev

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-19s %s\n", $$1, $$2 }' Makefile

setup: python ## Make .venv and get what run, test and check need, asking again for what was missing.
	@"$(PYTHON)" -m agentplatform.embedded.bootstrap dev again

run: bootstrap-run ## Start everything, run the sample task, keep serving. INPUT=file.csv QUESTION="..."
	@exec $(BIN)/python -m agentplatform.embedded run $${INPUT:+--input "$$INPUT"} $${QUESTION:+--question "$$QUESTION"}

demo: bootstrap-run ## The same, then stop; succeeds only if the run is COMPLETED.
	@exec $(BIN)/python -m agentplatform.embedded demo $${INPUT:+--input "$$INPUT"} $${QUESTION:+--question "$$QUESTION"}

test: bootstrap-dev ## Run the tests. PYTEST_ARGS="-x tests/unit" for some of them.
	@$(IN_VENV) $(BIN)/python -m pytest $(PYTEST_ARGS)

test-security: bootstrap-dev ## Run every hostile and useful program on every backend, as root and as an ordinary user.
	@SECURITY_BATTERY=whole $(IN_VENV) $(BIN)/python -m pytest -n 0 tests/security

test-thorough: bootstrap-dev ## Run those too that make test has no time for.
	@$(IN_VENV) $(BIN)/python -m pytest $(PYTEST_ARGS) --thorough

test-sqs: bootstrap-dev ## Run the engine's tests on SQS's protocol, on an emulator of their own.
	@$(IN_VENV) $(BIN)/python -m pytest $(PYTEST_ARGS) --thorough --broker sqs tests/integration/runs

chaos: bootstrap-dev ## 1,000 runs, and the gateway, under kills and crashes. CHAOS_SEED=n repeats it, CHAOS_RUNS=200, BROKER=sqs
	@CHAOS=long $(IN_VENV) $(BIN)/python -m pytest -n 0 -s $(if $(BROKER),--broker "$(BROKER)") tests/chaos/test_cancel_races.py tests/chaos/test_random_schedule.py tests/chaos/test_gateway.py

chaos-sqs: bootstrap-dev ## Run the tests of faults on SQS's protocol, on an emulator of their own.
	@$(IN_VENV) $(BIN)/python -m pytest $(PYTEST_ARGS) --thorough --broker sqs tests/chaos

sqs: bootstrap-dev ## Serve SQS's protocol on 127.0.0.1:9324 until Ctrl-C, as docs/operations-local.md uses it.
	@$(BIN)/python -m tests.sqs 9324

check: bootstrap-dev ## Lint, types, layers, deployment, migrations, isolation, and files made from code.
	@$(IN_VENV) ruff check .
	@$(IN_VENV) ruff format --check .
	@$(IN_VENV) mypy
	@$(IN_VENV) lint-imports
	@$(IN_VENV) SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
		ENCRYPTION_KEYS="$$($(BIN)/python manage.py make_encryption_key)" \
		DJANGO_SETTINGS_MODULE=agentplatform.settings.production \
		python manage.py check --deploy --fail-level WARNING
	@$(IN_VENV) python -m agentplatform.embedded with-servers --migrated -- sh -c \
		'python manage.py makemigrations --check --dry-run \
		&& python manage.py check --database default --database admin --fail-level WARNING'
	@$(IN_VENV) python manage.py spectacular --validate --fail-on-warn --file .data/openapi.yaml
	@diff -u docs/openapi.yaml .data/openapi.yaml || { echo "docs/openapi.yaml differs from the code: run make schema"; exit 1; }
	@$(BIN)/python -m agentplatform.settings.example | diff -u .env.example - || { echo ".env.example differs from the code: run make env-example"; exit 1; }
	@$(BIN)/python -m apps.runs.management.state_diagrams | diff -u docs/states.md - || { echo "docs/states.md differs from the code: run make states"; exit 1; }

bench-tenancy: bootstrap-dev ## Measure what isolation and authentication cost. BENCH_JSON=file for the bars.
	@$(IN_VENV) python -m tests.bench.tenancy

bench-engine: bootstrap-dev ## Measure the engine against DBOS and Celery. ONLY=turns,... ROUNDS=5 BENCH_JSON=file
	@$(IN_VENV) python -m tests.bench.engine $(if $(ONLY),--only "$(ONLY)") $(if $(ROUNDS),--rounds "$(ROUNDS)")

bench-gateway: bootstrap-dev ## Measure what the gateway costs. ONLY=cpu,... ROUNDS=5 BENCH_JSON=file
	@$(IN_VENV) python -m tests.bench.gateway $(if $(ONLY),--only "$(ONLY)") $(if $(ROUNDS),--rounds "$(ROUNDS)")

bench-gateway-peers: bootstrap-dev ## Measure the gateway beside LiteLLM. ROUNDS=5 BENCH_JSON=file
	@$(IN_VENV) python -m tests.bench.gateway.peers $(if $(ROUNDS),--rounds "$(ROUNDS)")

bench-tools: bootstrap-dev ## Measure what tool calls cost. ONLY=warm,... ROUNDS=60 BENCH_JSON=file
	@$(IN_VENV) python -m tests.bench.tools $(if $(ONLY),--only "$(ONLY)") $(if $(ROUNDS),--rounds "$(ROUNDS)")

schema: bootstrap-dev ## Write docs/openapi.yaml.
	@$(IN_VENV) python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

env-example: bootstrap-dev ## Write .env.example.
	@$(BIN)/python -m agentplatform.settings.example > .env.example

states: bootstrap-dev ## Write docs/states.md.
	@$(BIN)/python -m apps.runs.management.state_diagrams > docs/states.md

COMPILE = UV_CUSTOM_COMPILE_COMMAND="make deps" $(CURDIR)/$(BIN)/uv pip compile -q --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate $(if $(UPGRADE),--upgrade)
deps: bootstrap-dev ## Lock requirements/*.in again. UPGRADE=1 takes the newest versions.
	@cd requirements && $(COMPILE) tools.in -o tools.txt && $(COMPILE) base.in -o base.txt \
	&& $(COMPILE) dev.in -o dev.txt && $(COMPILE) bench.in -o bench.txt \
	&& $(COMPILE) bench-gateway.in -o bench-gateway.txt \
	&& $(COMPILE) sandbox.in -o sandbox.txt && $(COMPILE) --no-deps embedded.in -o embedded.txt

python:
	@test -n "$(PYTHON)" || { echo "agentplatform: Python 3.11 or later is needed: install it, or name it with make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }

bootstrap-run: python
	@"$(PYTHON)" -m agentplatform.embedded.bootstrap run

bootstrap-dev: python
	@"$(PYTHON)" -m agentplatform.embedded.bootstrap dev
.PHONY: python
