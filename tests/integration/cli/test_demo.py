"""The commands that show the main job: demo and seed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Person
from app.audit import services as audit
from app.core.db import session
from app.funds.queries import imbalances
from app.runtime.definitions import start_processes
from app.runtime.models import Case

pytestmark = pytest.mark.parametrize(
    "database", ["sqlite"], indirect=True
)  # pages and commands: one database


def test_demo_prints_one_document_and_leaves_the_database_alone(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["demo", "--json"])
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert len(told["steps"]) >= 25
    assert {"stage", "task", "role", "result"} == set(told["steps"][0])
    contract, payments = told["contract"], told["payments"]
    assert [p["kind"] for p in payments] == ["advance", "progress", "final"]
    assert payments[0]["amount"] * 100 <= contract["amount"] * 40
    assert sum(p["amount"] for p in payments) + contract["deducted"] == contract["amount"]
    for pot in told["ledger"]:
        assert pot["allotted"] == pot["reserved"] + pot["encumbered"] + pot["paid"] + pot["free"]
    assert told["instance"]["status"] == "completed"
    assert told["credit"]
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(Case)) == 0


@pytest.mark.parametrize("path", ["returned", "rejected", "objection", "too-few-bids", "failed-evaluation"])
def test_every_way_ends_with_its_invariants_whole(app: Flask, path: str) -> None:
    result = app.test_cli_runner().invoke(args=["demo", "--json", "--path", path])
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["instance"]["status"] == ("rejected" if path == "rejected" else "completed")
    if path == "rejected":
        assert all(pot["reserved"] == pot["encumbered"] == pot["paid"] == 0 for pot in told["ledger"])


def test_seed_fills_once(app: Flask) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["seed"]).exit_code == 0
    with app.app_context():
        cases = session().scalars(select(Case)).all()
        people = session().scalar(select(func.count()).select_from(Person))
        assert len(cases) == 20
        assert len({case.stage for case in cases if case.status == "running"}) >= 7
        assert imbalances() == []
        assert audit.verify().ok
    assert runner.invoke(args=["seed"]).exit_code == 0
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(Person)) == people


def test_models_check_tells_and_exits(app: Flask, tmp_path: Path) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["models", "check", "bpmn/zhuhai"]).exit_code == 0
    bad = tmp_path / "bad.bpmn"
    bad.write_text("<!DOCTYPE x><x/>", encoding="utf-8")
    result = runner.invoke(args=["models", "check", str(bad), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False
    missing = runner.invoke(args=["models", "check", str(tmp_path / "nowhere.bpmn")])
    assert missing.exit_code == 1


def test_packs_check(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["packs", "check", "bpmn/zhuhai"]).exit_code == 0


def test_the_start_process_is_the_one_nothing_calls(app: Flask) -> None:
    files = {f"process/{p.name}": p.read_bytes() for p in Path("bpmn/zhuhai/process").glob("*.bpmn")}
    assert [key for key, _ in start_processes(files)] == ["zhuhai_project"]
