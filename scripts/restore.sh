#!/bin/sh
# Put a backup in the place of the database: scripts/restore.sh FILE. Stop the site first.
# What stood there before is kept beside it (SQLite); PostgreSQL restores in one transaction or not at all.
set -eu
cd "$(dirname "$0")/.."
from=${1:-}
[ -f "$from" ] || { echo "say which backup: make restore FROM=instance/backups/…" >&2; exit 1; }
url=$(.venv/bin/python -c 'import config; print(config.load().database_url)')
case $url in
  sqlite:///*)
    to=${url#sqlite:///}
    mkdir -p "$(dirname "$to")"
    .venv/bin/python - "$from" "$to" <<'PY'
import os
import sqlite3
import sys

backup, place = sys.argv[1:]
source = sqlite3.connect(f"file:{backup}?mode=ro", uri=True)
if source.execute("PRAGMA integrity_check").fetchone() != ("ok",):
    sys.exit(f"{backup} is damaged; nothing was changed")
if os.path.exists(place):
    present = sqlite3.connect(place, timeout=1)
    try:
        present.execute("PRAGMA locking_mode=EXCLUSIVE")
        present.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        sys.exit("the database is in use; stop the site first")
    present.rollback()
    kept = sqlite3.connect(f"{place}.before-restore")
    present.backup(kept)
    kept.close()
    source.backup(present)
    present.close()
else:
    target = sqlite3.connect(place)
    source.backup(target)
    target.close()
PY
    ;;
  postgresql*)
    pg_restore --clean --if-exists --single-transaction --dbname="postgresql:${url#*:}" "$from"
    ;;
esac
.venv/bin/flask --app wsgi db upgrade
.venv/bin/flask --app wsgi audit verify
