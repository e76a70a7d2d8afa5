"""Packs in and out: what goes out comes in again, what is hostile stays outside."""

from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from app.core.errors import Refusal
from app.studio import checking, drafts, exchange
from tests.factories.studio import SMALL, begin, make_studio, small
from workflows.model.mend import mend

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def studio(database: Engine) -> SimpleNamespace:
    del database
    return make_studio()


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def test_a_pack_goes_out_and_comes_in_again(studio: SimpleNamespace) -> None:
    first, second = begin(studio), begin(studio, "另一份")
    drafts.save_file(studio.designer, first.id, SMALL, small("9"), 1)
    made = exchange.export(drafts.files_of(first.id))
    assert made == exchange.export(drafts.files_of(first.id))
    got = exchange.bring_in(studio.designer, second.id, "pack.zip", made)
    assert got.skipped == []
    assert drafts.files_of(second.id) == drafts.files_of(first.id)
    (one,) = drafts.saves_of(second.id)
    assert (one.kind, one.file, one.note) == ("imported", SMALL, "从“pack.zip”导入")


def test_a_folder_inside_and_what_is_no_pack_file(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    data = zipped(
        **{"mine/process/small.bpmn": small("9"), "mine/readme.txt": b"x", "mine/../x.bpmn": b"<x/>"}
    )
    got = exchange.bring_in(studio.designer, draft.id, "pack.zip", data)
    assert got.names == [SMALL]
    assert len(got.skipped) == 2


def test_a_single_drawing_finds_its_place(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    assert exchange.bring_in(studio.designer, draft.id, "draw.bpmn", small("9")).names == [SMALL]
    for name, data in (
        ("a.bpmn", b"<x/>"),
        ("a.bpmn", b"no xml"),
        ("a.bpmn", b"<!DOCTYPE x><x/>"),
        ("a.zip", zipped(a=b"x")),
    ):
        with pytest.raises(Refusal):
            exchange.bring_in(studio.designer, draft.id, name, data)


def test_bombs_and_broken_zips_stay_outside(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    rev = drafts.find(draft.id).rev
    bomb = zipped(**{f"form/f{n}.json": b'"' + b"0" * 2_000_000 + b'"' for n in range(20)})
    assert len(bomb) < 100_000
    many = zipped(**{f"form/f{n}.json": b"{}" for n in range(700)})
    whole = zipped(**{SMALL: small("9")})
    for data in (
        bomb,
        many,
        whole[:-40],
        whole.replace(b"PK\x01\x02", b"PK\x01\x09"),
        b"x" * (exchange.MOST_ZIP + 1),
    ):
        with pytest.raises(Refusal):
            exchange.bring_in(studio.designer, draft.id, "pack.zip", data)
    assert drafts.find(draft.id).rev == rev


FOREIGN = small().replace(
    b'<bpmn:userTask id="write"',
    b'<bpmn:userTask id="write" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" camunda:assignee="li"',
)


def test_a_drawing_of_another_tool_is_listed_and_mended_with_notes(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    split = FOREIGN.replace(
        b"</bpmn:process>",
        b'<bpmn:sequenceFlow id="again" sourceRef="write" targetRef="end" /></bpmn:process>',
    )
    exchange.bring_in(studio.designer, draft.id, "foreign.bpmn", split)
    report = checking.judge(drafts.files_of(draft.id), drafts.find(draft.id))
    fixes = sorted({one.fix for one in report.findings if one.fix})
    assert fixes
    data, notes = mend(drafts.file_of(draft.id, SMALL), fixes)
    assert notes
    drafts.save_file(
        studio.designer, draft.id, SMALL, data, 99, "mended", "；".join(one.message for one in notes)
    )
    after = checking.judge(drafts.files_of(draft.id), drafts.find(draft.id))
    assert "split-gateway" in fixes
    assert "split-gateway" not in {one.fix for one in after.findings}
    assert not after.errors
    for kept in ("拟稿", "审定", "dueWorkingDays", "BPMNShape", "camunda:assignee"):
        assert kept in data.decode()
