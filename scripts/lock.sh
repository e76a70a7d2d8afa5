#!/bin/sh
# Write requirements*.txt anew from requirements*.in: versions and hashes of the public index, nothing of this
# machine's settings. Needs the network. Options go to pip-compile (`scripts/lock.sh --upgrade`).
set -eu
cd "$(dirname "$0")/.."
tools=build/lock
[ -x "$tools/bin/pip-compile" ] || { python3 -m venv "$tools" && "$tools/bin/pip" install -q pip-tools; }
unset PIP_FIND_LINKS PIP_EXTRA_INDEX_URL PIP_INDEX_URL || true
export PIP_CONFIG_FILE=/dev/null CUSTOM_COMPILE_COMMAND="scripts/lock.sh"
for name in requirements requirements-dev requirements-node requirements-audit; do
  echo "locking $name.txt" >&2
  "$tools/bin/pip-compile" --quiet --generate-hashes --allow-unsafe --strip-extras \
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
    --output-file "$name.txt" "$@" "$name.in"
done
