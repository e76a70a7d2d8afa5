#!/bin/sh
# Make .venv with the packages of the named requirement files, hashes checked; does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."
if [ ! -x .venv/bin/pip ]; then  # the last thing that making an environment puts there
  sh scripts/system.sh venv
  echo "making the environment .venv" >&2
  "${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "Python 3.11 or newer is needed; name it with PYTHON=…" >&2; exit 1; }
  "${PYTHON:-python3}" -m venv .venv
fi
for file in "$@"; do
  stamp=".venv/.installed-$file"
  if ! cmp -s "$file" "$stamp"; then
    echo "installing the packages of $file (the first time takes a minute)" >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$file"
    cp "$file" "$stamp"
  fi
done
