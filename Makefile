# One command each; `make help` lists them. Every target brings what it needs, and a second call
# finds it in place: the files named .installed-* are as old as the last installation.

.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
LOCKS := pyproject.toml uv.lock scripts/bootstrap
PROCESSES ?= 2
ARGS ?=

.PHONY: help install run dev test test-aws test-containers check scan format bench faults screenshots lighthouse clean \
	check-format check-lint check-types check-imports check-templates check-images check-spelling \
	system assets-for-tests

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/.installed-dev static/vendor/.installed ## Install everything into .venv, with the `oracle` command
	@echo "Installed. Try .venv/bin/oracle --help, or make run."

run: .venv/.installed-runtime static/vendor/.installed ## Run the website on http://127.0.0.1:8000
	@$(BIN)/oracle migrate
	@exec $(BIN)/oracle serve

dev: .venv/.installed-runtime static/vendor/.installed ## Run the website and restart it when a file changes
	@exec $(BIN)/python scripts/serve_and_reload.py

test: .venv/.installed-dev assets-for-tests ## Run all tests; ARGS="tests/unit -k name" for some
	@$(BIN)/pytest -n $(PROCESSES) --dist loadfile $(ARGS)

check: check-format check-lint check-types check-imports check-templates check-images check-spelling ## Check format, lint, types, import rules, templates, spelling
	@echo "All checks passed."

format: .venv/.installed-dev ## Format the code and apply what the linter can repair
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

bench: .venv/.installed-bench ## Measure the speed of the forecast against simpler methods
	@$(BIN)/python -m benchmarks $(ARGS)

test-aws: .venv/.installed-dev ## Apply all of Terraform to a stand-in of AWS, look at it, destroy it; some minutes
	@scripts/on_loopback $(BIN)/pytest -q -s infra/moto $(ARGS)

test-containers: .venv/.installed-dev ## Build the image, run it with compose on a Docker engine, ask it; some minutes, as root
	@scripts/bootstrap containers
	@$(BIN)/pytest -q -s infra/engine $(ARGS)

scan: ## Read Terraform for what is insecure, with checkov
	@scripts/bootstrap scan
	@LOG_LEVEL=CRITICAL .tools/checkov/bin/checkov --directory infra/terraform --framework terraform \
		--quiet --compact --skip-download

faults: .venv/.installed-dev system ## Run 60 rounds of faults and 20,000 interleavings; about an hour
	@OUTBOX_INTERLEAVINGS=20000 $(BIN)/pytest -q tests/unit/services/test_outbox_model.py
	@$(BIN)/python -m scripts.run_faults --write $(ARGS)

screenshots: .venv/.installed-dev assets-for-tests ## Take pictures of every page into var/screenshots
	@$(BIN)/python -m scripts.take_screenshots

lighthouse: .venv/.installed-dev assets-for-tests node_modules/.bin/lighthouse ## Measure two pages with Lighthouse into docs/quality.md
	@$(BIN)/python -m scripts.measure_pages --write

# For this target alone: neither the website nor the tests need it.
node_modules/.bin/lighthouse: package-lock.json
	@scripts/bootstrap lighthouse

clean: ## Remove everything that was installed or cached; the database in var/ stays
	rm -rf .venv .tools node_modules static/vendor .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

check-format: .venv/.installed-dev
	@$(BIN)/ruff format --check .

check-lint: .venv/.installed-dev
	@$(BIN)/ruff check .

check-types: .venv/.installed-dev
	@$(BIN)/mypy oracle scheduler scripts tests infra $(wildcard benchmarks/*.py)

check-imports: .venv/.installed-dev
	@$(BIN)/lint-imports --no-logo

check-templates: .venv/.installed-dev
	@$(BIN)/djlint --lint --quiet templates

check-images: .venv/.installed-dev
	@$(BIN)/hadolint Dockerfile infra/engine/standins.Dockerfile

check-spelling: .venv/.installed-dev
	@$(BIN)/codespell

.venv/.installed-runtime: $(LOCKS)
	@scripts/bootstrap runtime
	@touch $@

.venv/.installed-dev: $(LOCKS)
	@scripts/bootstrap dev
	@touch .venv/.installed-runtime $@

.venv/.installed-bench: $(LOCKS)
	@scripts/bootstrap bench
	@touch .venv/.installed-runtime .venv/.installed-dev $@

# Without npm this file is never made: the line that says so is repeated, and nothing stops.
static/vendor/.installed: package.json package-lock.json scripts/copy_vendor.mjs
	@scripts/bootstrap assets

# Asked anew each time: it takes no time when all is there.
system:
	@scripts/bootstrap system

# Only after npm has come with the system's packages.
assets-for-tests: system
	@$(MAKE) --no-print-directory --silent static/vendor/.installed
