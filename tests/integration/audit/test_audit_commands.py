"""The commands of the log: what the operator and the auditor run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import Engine, text

from app.audit import services as audit
from app.cli.audit import audit_group
from app.core import db
from app.core.identity import SYSTEM


@pytest.fixture
def runner(database: Engine) -> FlaskCliRunner:
    audit.configure("key-of-this-test")
    flask = Flask("log")
    flask.cli.add_command(audit_group)
    return flask.test_cli_runner()


def write() -> None:
    with db.unit_of_work():
        audit.record("pot:7", "funds.allot", actor=SYSTEM, subject="pot:7", after={"amount": 1})


def verify(runner: FlaskCliRunner, *options: str) -> Result:
    return runner.invoke(args=["audit", "verify", *options])


def test_a_whole_log_exits_with_zero(runner: FlaskCliRunner) -> None:
    write()
    audit.seal()
    result = verify(runner)
    assert (result.exit_code, result.stdout) == (0, "审计记录 1 条、封存 1 次，完整\n")
    assert json.loads(verify(runner, "--json").stdout) == {
        "ok": True,
        "entries": 1,
        "seals": 1,
        "problem": "",
    }


def test_a_broken_log_exits_with_one_and_names_the_link(runner: FlaskCliRunner, database: Engine) -> None:
    write()
    db.close()
    with database.begin() as connection:
        connection.execute(text("UPDATE audit_chain SET length = 2"))
    result = verify(runner)
    assert (result.exit_code, result.stdout) == (1, "审计记录断裂：pot:7 的末尾与链头不一致\n")
    report = json.loads(verify(runner, "--json").stdout)
    assert (report["ok"], report["problem"]) == (False, "pot:7 的末尾与链头不一致")


def test_seals_kept_outside_are_compared(runner: FlaskCliRunner, tmp_path: Path) -> None:
    write()
    audit.seal()
    exported = runner.invoke(args=["audit", "export-seal", "2026-03-02"]).stdout
    kept = tmp_path / "2026-03-02.jsonl"
    kept.write_text(exported, encoding="utf-8")
    assert json.loads(exported)["heads"]["pot:7"][0] == 1
    assert verify(runner, "--against", str(kept)).exit_code == 0
    kept.write_text(exported.replace('"seq": 1', '"seq": 2'), encoding="utf-8")
    assert "缺少第 2 个封存" in verify(runner, "--against", str(kept)).stdout


def test_what_is_no_seal_is_said_in_one_line(runner: FlaskCliRunner, tmp_path: Path) -> None:
    kept = tmp_path / "notes.txt"
    kept.write_text("[]\n", encoding="utf-8")
    result = verify(runner, "--against", str(kept))
    assert result.exit_code == 1
    assert "not an exported seal" in result.stderr
    assert runner.invoke(args=["audit", "export-seal", "today"]).exit_code == 2
    assert runner.invoke(args=["audit", "export-seal", "2026-03-03"]).stdout == ""
