# TrialGuide. `make help` lists the targets.
PYTHON ?=
# make test FAST=1 leaves out the tests that need a model, a server or a browser.
FAST ?=
export RASA_TELEMETRY_ENABLED = false
export TF_CPP_MIN_LOG_LEVEL = 3

# Prints the interpreter of a ready environment, after making it where it is missing or out of date.
ENVIRONMENT = python=$$(sh requirements/environment.sh "$(PYTHON)") &&

LOCKED = --quiet --generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help
# The widget is kept built in web/released/, so that only those who change it need Node.
NODE = command -v node >/dev/null && command -v npm >/dev/null
NODE_MODULES = cd web && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund --silent; }

.PHONY: help run shell setup build pictures test check papers score report encoder bench lock sbom clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-8s %s\n", $$1, $$2}'
	@echo "PYTHON=/path/to/python3.10 chooses the Python; RASA_PORT and ACTIONS_PORT the ports."

run: ## set everything up, start the assistant, stop it with Ctrl-C
	@$(ENVIRONMENT) exec $$python -m trialguide run

shell: ## talk to the assistant in this terminal
	@$(ENVIRONMENT) exec $$python -m trialguide shell

setup: ## environment, sentence encoder and model, without starting anything
	@$(ENVIRONMENT) $$python -m trialguide setup

build: ## build the website widget into web/released/; needs Node
	@$(NODE) || { echo "Building the widget needs Node 18 or newer with npm: apt-get install nodejs npm. Running does not: web/released/ holds a built one." >&2; exit 1; }
	@$(NODE_MODULES) && npm run --silent build

pictures: ## draw web/pictures/*.svg as PNG for messaging services; needs Chromium
	@$(ENVIRONMENT) $$python -m tools.pictures

test: ## all tests, the style and the types; FAST=1: only the unit tests
	@$(ENVIRONMENT) $$python -m ruff check . && $$python -m ruff format --check . && $$python -m mypy && "$$(dirname "$$python")/lint-imports" --no-logo --no-cache && \
		$$python -m pytest -m unit $(if $(FAST),,--cov --cov-report=term:skip-covered) && if [ -n "$(FAST)" ]; then exit 0; fi && $$python -m trialguide setup && \
		if $(NODE); then ($(NODE_MODULES) && npm run --silent check) || exit 1; else echo "The style and types of the widget were not checked: there is no Node." >&2; fi && \
		$$python -m pytest -m "not unit"

check: ## say in words what is wrong in the content files
	@$(ENVIRONMENT) $$python -m trialguide check

papers: ## write drafts of the papers that an operator owes into papers/
	@$(ENVIRONMENT) $$python -m trialguide papers

score: ## how well questions are understood
	@$(ENVIRONMENT) $$python -m tools score

report: ## how well questions are understood, in full: report.html and docs/understanding.md
	@$(ENVIRONMENT) $$python -m tools score --report

encoder: ## make the layers of the sentence encoder anew; half an hour or more
	@$(ENVIRONMENT) $$python -m tools encoder

bench: ## speed and memory against the stock Rasa bot, of two servers, widget and messaging
	@$(ENVIRONMENT) $$python -m tools bench && $$python -m tools.benchmarks.widget && $$python -m tools.benchmarks.messaging \
		&& $$python -m tools.benchmarks.cluster

lock: ## bring the lock files in line with requirements/developing.in and running.in
	@$(ENVIRONMENT) for version in 3.11 3.10; do \
		sh requirements/uv.sh $$python pip compile $(LOCKED) requirements/developing.in --override requirements/overrides.txt \
			--python-version $$version --output-file requirements/python-$$version.txt && \
		sh requirements/uv.sh $$python pip compile $(LOCKED) requirements/running.in --override requirements/overrides.txt \
			--override requirements/running-overrides.txt --constraint requirements/python-$$version.txt \
			--python-version $$version --output-file requirements/running-$$version.txt || exit 1; \
	done; \
	sh requirements/uv.sh $$python pip compile $(LOCKED) requirements/uv.in --universal --output-file requirements/uv.txt

sbom: ## write what runs into sbom-3.10.json and sbom-3.11.json, in CycloneDX JSON
	@$(ENVIRONMENT) $$python -m tools sbom

clean: ## remove environments and trained models; conversations stay
	rm -rf .venv-* .rasa models/encoder models/*.tar.gz models/large-encoder.npz
