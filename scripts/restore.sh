#!/bin/sh
# Put a backup in the place of the database: scripts/restore.sh FILE. Stop the site first.
# SQLite: a copy is brought to the newest schema and verified first; only then it takes the place, and what stood
# there is kept beside it. PostgreSQL restores in one transaction or not at all and is verified after.
set -eu
cd "$(dirname "$0")/.."
from=${1:-}
[ -f "$from" ] || { echo "say which backup: make restore FROM=instance/backups/…" >&2; exit 1; }
umask 077
. scripts/database.sh
flask=".venv/bin/flask --app wsgi"

if [ -n "$server" ]; then
  pg_restore --clean --if-exists --no-owner --single-transaction --dbname="$server" "$from"
  $flask db upgrade
  exec $flask audit verify
fi

staged=$file.restoring
mkdir -p "$(dirname "$file")"
trap 'rm -f "$staged" "$staged-wal" "$staged-shm"' EXIT
.venv/bin/python - "$from" "$staged" <<'PY'
import sqlite3
import sys

backup, staged = sys.argv[1:]
source, target = sqlite3.connect(f"file:{backup}?mode=ro", uri=True), sqlite3.connect(staged)
try:
    source.backup(target)
    whole = target.execute("PRAGMA integrity_check").fetchone() == ("ok",)
except sqlite3.DatabaseError:
    whole = False
if not whole:
    sys.exit(f"{backup} is damaged; nothing was changed")
PY
if ! { DATABASE_URL="sqlite:///$staged" $flask db upgrade && DATABASE_URL="sqlite:///$staged" $flask audit verify; }; then
  echo "$from cannot be used; nothing was changed" >&2
  exit 1
fi
.venv/bin/python - "$staged" "$file" <<'PY'
import os
import sqlite3
import sys

staged, place = sys.argv[1:]
there = os.path.exists(place)
present = sqlite3.connect(place, timeout=1)
try:
    present.execute("PRAGMA locking_mode=EXCLUSIVE")
    present.execute("BEGIN EXCLUSIVE")
except sqlite3.OperationalError:
    sys.exit("the database is in use; stop the site first; nothing was changed")
present.rollback()
if there:
    kept = sqlite3.connect(f"{place}.before-restore")
    present.backup(kept)
    kept.close()
sqlite3.connect(staged).backup(present)
present.close()
PY
