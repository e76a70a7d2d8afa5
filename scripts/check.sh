#!/bin/sh
# Format, lint, templates, types, import rules: all of them are run, then the first failure counts.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=0
run() {
  echo "· $1" >&2
  shift
  "$@" || failed=1
}
run "format" $bin/ruff format --check --quiet .
run "lint" $bin/ruff check --quiet .
run "templates" $bin/djlint app --lint --quiet
run "types" $bin/mypy
run "import rules" $bin/lint-imports --no-logo
exit $failed
