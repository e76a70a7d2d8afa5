# Everything sets up what it needs by itself; a second call starts at once.
#   make run     serve the site with demo data on http://127.0.0.1:5000 (PORT=…)
#   make test    format, lint, types, import rules, all tests
#   make demo    one project through all nine stages on the command line (ARGS="--json --path returned")

PORT ?= 5000
ARGS ?=
WORKERS ?= 2
SOURCES := $(shell find app frontend -type f \( -name '*.py' -o -name '*.html' -o -name '*.js' -o -name '*.css' -o -name '*.json' \) \
	-not -path '*/node_modules/*' -not -path 'app/ui/static/dist/*' -not -path '*/__pycache__/*')
DIST := app/ui/static/dist/manifest.json
FLASK := .venv/bin/flask --app wsgi

.DEFAULT_GOAL := help
.PHONY: help setup environment frontend browser run demo test test-long bench lint fmt coverage audit backup restore

help: ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 14

environment:
	@sh scripts/venv.sh requirements.txt

$(DIST): $(SOURCES) | environment
	@sh scripts/frontend.sh

frontend: $(DIST)

.PHONY: pdf
pdf: # the site runs without; a page that needs it says so
	@-sh scripts/system.sh pdf

setup: environment frontend pdf ## only set up: environment, packages, front end, database with demo data
	@$(FLASK) db upgrade
	@$(FLASK) seed

run: setup ## serve the site with demo data until interrupted
	@PORT=$(PORT) exec $(FLASK) serve

demo: environment ## one project through the whole flow in a throw-away database
	@exec $(FLASK) demo $(ARGS)

.PHONY: tools
tools:
	@sh scripts/venv.sh requirements.txt requirements-dev.txt

browser:
	@sh scripts/system.sh pdf browser

test: tools frontend browser ## everything that guards main
	@sh scripts/check.sh
	@.venv/bin/python -m pytest -n $(WORKERS) --dist loadgroup -m "not long" $(ARGS)

test-long: tools frontend browser ## what takes too long for every change
	@.venv/bin/python -m pytest -n $(WORKERS) --dist loadgroup -m long $(ARGS)

bench: tools ## how fast, as ratios measured in one run; writes build/bench.json
	@.venv/bin/python -m tests.bench

lint: tools ## format, lint, templates, types, import rules without tests
	@sh scripts/check.sh

fmt: tools ## format the sources and mend what can be mended
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

coverage: tools ## write docs/requirements-coverage.md
	@.venv/bin/python -m tests.meta.requirements > docs/requirements-coverage.md
	@echo docs/requirements-coverage.md

audit: environment ## known vulnerabilities of the packages (needs the network)
	@sh scripts/venv.sh requirements-audit.txt
	@.venv/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.txt
	@cd frontend && npm audit --omit=dev

backup: environment ## copy the database (TO=file)
	@sh scripts/backup.sh $(TO)

restore: environment ## put a backup in its place (FROM=file)
	@sh scripts/restore.sh $(FROM)
