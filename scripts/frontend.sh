#!/bin/sh
# Build the browser's side into app/ui/static/dist. Node comes as a wheel into .venv where the machine's is
# missing or too old.
set -eu
cd "$(dirname "$0")/.."
fits='const [a, b] = process.versions.node.split(".").map(Number); process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)'
if ! { command -v npm && node -e "$fits"; } >/dev/null 2>&1; then
  sh scripts/venv.sh requirements-node.txt
  PATH="$PWD/.venv/bin:$PATH"
  export PATH
fi
cd frontend
if ! cmp -s package-lock.json node_modules/.installed; then
  echo "installing the front end's packages" >&2
  npm ci --no-fund --no-audit --loglevel=error >&2
  cp package-lock.json node_modules/.installed
fi
echo "building the front end" >&2
npx vite build --logLevel error >&2
touch ../app/ui/static/dist/manifest.json
