#!/bin/sh
# Copy the whole database (uploads lie in it) while it is in use: scripts/backup.sh [FILE]
# Keep SECRET_KEY and AUDIT_KEY elsewhere: without AUDIT_KEY the audit log cannot be verified.
set -eu
cd "$(dirname "$0")/.."
umask 077
. scripts/database.sh
stamp=$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p instance/backups
if [ -n "$file" ]; then
  to=${1:-instance/backups/$stamp.sqlite3}
  [ -f "$file" ] || { echo "no database at $file" >&2; exit 1; }
  .venv/bin/python - "$file" "$to" <<'PY'
import sqlite3
import sys

source, target = sqlite3.connect(sys.argv[1]), sqlite3.connect(sys.argv[2])
source.backup(target)
target.execute("PRAGMA journal_mode=DELETE")  # one file that needs no other beside it
if target.execute("PRAGMA integrity_check").fetchone() != ("ok",):
    sys.exit("the copy is damaged")
target.close()
PY
else
  to=${1:-instance/backups/$stamp.dump}
  pg_dump --format=custom --file="$to" --dbname="$server"
fi
chmod 600 "$to"
echo "$to"
