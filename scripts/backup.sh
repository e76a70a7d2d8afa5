#!/bin/sh
# Copy the whole database (uploads lie in it) while it is in use: scripts/backup.sh [FILE]
# Keep SECRET_KEY and AUDIT_KEY elsewhere: without AUDIT_KEY the audit log cannot be verified.
set -eu
cd "$(dirname "$0")/.."
url=$(.venv/bin/python -c 'import config; print(config.load().database_url)')
stamp=$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p instance/backups
case $url in
  sqlite:///*)
    to=${1:-instance/backups/$stamp.sqlite3}
    from=${url#sqlite:///}
    [ -f "$from" ] || { echo "no database at $from" >&2; exit 1; }
    .venv/bin/python - "$from" "$to" <<'PY'
import sqlite3
import sys

source, target = sqlite3.connect(sys.argv[1]), sqlite3.connect(sys.argv[2])
source.backup(target)
target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
assert target.execute("PRAGMA integrity_check").fetchone() == ("ok",)
target.close()
PY
    ;;
  postgresql*)
    to=${1:-instance/backups/$stamp.dump}
    pg_dump --format=custom --file="$to" "postgresql:${url#*:}"
    ;;
esac
chmod 600 "$to"
echo "$to"
