# Sourced by backup.sh and restore.sh. Sets `file` (SQLite: path of the database) or `server` (PostgreSQL: its
# address without the password, which goes by PGPASSWORD, since everybody on a machine can read command lines).
told=$(.venv/bin/python - <<'PY'
from sqlalchemy.engine import make_url

import config

url = make_url(config.load().database_url)
if url.get_backend_name() == "sqlite":
    print(url.database)
else:
    server = url._replace(drivername="postgresql", password=None)
    print("", server.render_as_string(), url.password or "", sep="\n")
PY
)
line() { printf '%s\n' "$told" | sed -n "$1p"; }
file=$(line 1)
server=$(line 2)
if [ -n "$server" ]; then
  PGPASSWORD=$(line 3)
  export PGPASSWORD
fi
