"""Checks in the background: quick ones answer at once, long ones tell how far they are and stop for newer ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from app.studio import checking, checks, drafts
from app.studio.models import ModelDraft
from tests.factories.studio import SMALL, begin, make_studio, small
from workflows.model.watch import Watch
from workflows.types import Finding, Judgement

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Slow:
    """A judge that finds something at once and goes on proving until it is let go or stopped."""

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), threading.Event()
        self.calls = 0

    def __call__(self, _files: Any, _context: Any, *, watch: Watch) -> Judgement:
        self.calls += 1
        watch.findings = (Finding(SMALL, 1, "write", "warning", "trial", "先看到的"),)
        watch.done, watch.total = 3, 30
        self.begun.set()
        while not self.go.wait(0.01) and not watch.stopped:
            pass
        return Judgement(watch.findings, (), 0, 0.0)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    judge = Slow()
    monkeypatch.setattr(checking, "engine_judge", judge)
    yield judge
    judge.go.set()


@pytest.fixture
def draft(app: Flask) -> SimpleNamespace:
    del app
    checking._known.clear()  # what another test has judged
    checks._checks.clear()
    studio = make_studio()
    return SimpleNamespace(studio=studio, row=begin(studio))


def ask(row: ModelDraft) -> checks.Check:
    return checks.of_draft(row, drafts.files_of(row.id))


def test_a_quick_check_is_answered_at_once(draft: SimpleNamespace) -> None:
    report = ask(draft.row).report(60)
    assert report is not None
    assert report.findings == checking.judge(drafts.files_of(draft.row.id), draft.row).findings


def test_a_long_check_tells_how_far_it_is_and_is_asked_for_again(draft: SimpleNamespace, slow: Slow) -> None:
    running = ask(draft.row)
    assert slow.begun.wait(60)
    assert running.report(0) is None
    told = running.progress()
    assert (told["done"], told["total"]) == (3, 30)
    assert [one["message"] for one in told["findings"]] == ["先看到的"]
    assert ask(draft.row) is running
    slow.go.set()
    report = running.report(60)
    assert report is not None
    assert report.findings[0].message == "先看到的"
    assert slow.calls == 1


def test_a_newer_content_stops_the_check_of_the_older(draft: SimpleNamespace, slow: Slow) -> None:
    older = ask(draft.row)
    assert slow.begun.wait(60)
    drafts.save_file(draft.studio.designer, draft.row.id, SMALL, small("8"), 99)
    newer = ask(drafts.find(draft.row.id))
    assert newer is not older
    assert older.watch.stopped
    assert older.report(60) is None
    slow.go.set()
    assert newer.report(60) is not None
    assert ask(drafts.find(draft.row.id)).report(60) is not None


def test_what_breaks_a_check_is_told_to_whoever_waits(
    draft: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Judgement:
        raise ZeroDivisionError("broken")

    monkeypatch.setattr(checking, "engine_judge", broken)
    with pytest.raises(ZeroDivisionError):
        ask(draft.row).report(60)
