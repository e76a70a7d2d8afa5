"""Drafts: made from what is in force, saved under a lock, every save kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core import db
from app.core.clock import MovableClock
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, Refusal
from app.runtime import definitions
from app.studio import blobs, drafts
from app.studio.models import ModelBlob
from tests.factories.studio import SMALL, begin, make_studio, small


@pytest.fixture
def studio(database: Engine) -> SimpleNamespace:
    del database
    return make_studio()


def longer(data: bytes) -> bytes:
    """The leader gets seven days instead of five."""
    assert data.count(b'name="dueWorkingDays" value="5"')
    return data.replace(b'name="dueWorkingDays" value="5"', b'name="dueWorkingDays" value="7"')


def test_a_draft_starts_with_what_is_in_force(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    files = drafts.files_of(draft.id)
    bundle = definitions.bundle(studio.definition.id)
    assert {n: d for n, d in files.items() if n in bundle.files} == dict(bundle.files)
    assert {"zhuhai/pack.yaml", "law-cn/pack.yaml", "codes.csv"} <= files.keys()


def test_a_draft_needs_a_title_and_a_version_of_its_own_process(studio: SimpleNamespace) -> None:
    with pytest.raises(Refusal) as caught:
        begin(studio, "  ")
    assert caught.value.field == "title"
    with pytest.raises(Refusal):
        drafts.create(studio.designer, pack_key="zhuhai", process_key="unknown", title="改")
    other = definitions.deploy(
        studio.designer,
        pack_key="zhuhai",
        process_key="other",
        title="另一流程",
        files={SMALL: small().replace(b'"small"', b'"other"')},
        publish=False,
    )
    with pytest.raises(Refusal, match="不属于"):
        drafts.create(studio.designer, pack_key="zhuhai", process_key="small", title="改", base_id=other.id)


def test_every_save_is_kept_with_its_difference_and_can_be_taken_back(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    before = drafts.file_of(draft.id, SMALL)
    saved = drafts.save_file(studio.designer, draft.id, SMALL, longer(before), draft.rev)
    assert saved.rev == 2
    (one,) = drafts.saves_of(draft.id)
    assert (one.kind, one.file, one.person_id) == ("edited", SMALL, studio.designer.person_id)
    changed = blobs.difference(one)
    assert '+<bpmn:userTask id="decide"' in changed
    assert '-<bpmn:userTask id="decide"' in changed
    drafts.restore(studio.designer, draft.id, one.id)
    assert drafts.file_of(draft.id, SMALL) == before
    assert blobs.content(one.after or "") == longer(before)
    assert [s.kind for s in drafts.saves_of(draft.id)] == ["restored", "edited"]


def test_saving_what_is_there_already_is_no_save(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    saved = drafts.save_file(studio.designer, draft.id, SMALL, drafts.file_of(draft.id, SMALL), 1)
    assert saved.rev == 1
    assert drafts.saves_of(draft.id) == []


def test_the_same_content_is_kept_once(studio: SimpleNamespace) -> None:
    begin(studio)
    count = session().scalar(select(func.count()).select_from(ModelBlob))
    begin(studio, "另一份")
    assert session().scalar(select(func.count()).select_from(ModelBlob)) == count


def test_a_file_changed_meanwhile_is_a_conflict_other_files_are_not(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    before = drafts.file_of(draft.id, SMALL)
    drafts.save_file(studio.designer, draft.id, SMALL, longer(before), 1)
    with pytest.raises(Conflict):
        drafts.save_file(studio.designer, draft.id, SMALL, before + b"\n", 1)
    with pytest.raises(Conflict):
        drafts.save_file(studio.designer, draft.id, SMALL, before + b"\n", None)
    assert drafts.save_file(studio.designer, draft.id, "form/new.json", b"{}", None).rev == 3
    assert drafts.save_file(studio.designer, draft.id, "process/other.bpmn", before, 1).rev == 4


def test_one_edits_at_a_time_until_the_lease_ends(studio: SimpleNamespace, clock: MovableClock) -> None:
    draft = begin(studio)
    assert drafts.lock(studio.designer, draft.id).mine
    held = drafts.lock(studio.colleague, draft.id)
    assert (held.holder, held.mine) == ("设计员", False)
    with pytest.raises(Conflict, match="另一位同事"):
        drafts.save_file(studio.colleague, draft.id, "form/new.json", b"{}", None)
    drafts.unlock(studio.colleague, draft.id)
    assert not drafts.lock(studio.colleague, draft.id).mine
    clock.advance(drafts.LEASE + timedelta(seconds=1))
    drafts.save_file(studio.colleague, draft.id, "form/new.json", b"{}", None)
    assert drafts.lock(studio.colleague, draft.id).mine
    drafts.unlock(studio.colleague, draft.id)
    assert drafts.lock(studio.designer, draft.id).mine


def test_what_cannot_be_read_or_has_no_place_is_refused(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    for name, data in ((SMALL, b"<x"), ("process/../x.bpmn", b"<x/>")):
        with pytest.raises(Refusal):
            drafts.save_file(studio.designer, draft.id, name, data, 99)
        with pytest.raises(Refusal):
            drafts.save_files(studio.designer, draft.id, {name: data}, "imported")
    assert drafts.saves_of(draft.id) == []


def test_a_faulty_drawing_may_be_kept_while_it_is_drawn(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    drafts.save_file(studio.designer, draft.id, SMALL, b"<definitions/>", 1)
    assert drafts.file_of(draft.id, SMALL) == b"<definitions/>"


@pytest.fixture
def figure(studio: SimpleNamespace) -> Callable[[str, str], bytes]:
    """Zhuhai's manifest with one passage changed."""
    raw = drafts.file_of(begin(studio, "取值").id, "zhuhai/pack.yaml").decode()

    def changed(old: str, new: str) -> bytes:
        assert raw.count(old) == 1
        return raw.replace(old, new).encode()

    return changed


def test_a_designer_changes_local_figures_only(
    studio: SimpleNamespace, figure: Callable[[str, str], bytes]
) -> None:
    draft = begin(studio)
    name = "zhuhai/pack.yaml"
    drafts.save_file(studio.designer, draft.id, name, figure("公示期, value: 5", "公示期, value: 7"), 1)
    for fixed in (
        figure("预付款上限, value: 40", "预付款上限, value: 60"),
        figure("extends: law-cn", "extends: none"),
    ):
        with pytest.raises(Refusal, match="市民政"):
            drafts.save_file(studio.designer, draft.id, name, fixed, 9)
    with pytest.raises(Refusal, match="市民政"):
        drafts.save_file(studio.designer, draft.id, "law-cn/pack.yaml", b"key: law-cn", 9)
    with pytest.raises(Refusal, match="市民政"):
        drafts.save_file(studio.designer, draft.id, "zhuhai/constraints.yaml", b"- id: x", 9)
    with pytest.raises(Refusal, match="市民政"):
        drafts.delete_file(studio.designer, draft.id, name)


def test_the_packs_owner_may_change_what_the_law_says(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    drafts.save_file(studio.owner, draft.id, "zhuhai/constraints.yaml", b"- id: x", 9)
    assert drafts.writers_of(draft.id) == {studio.owner.person_id}


def test_a_draft_given_up_stays_readable_and_closed(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    drafts.discard(studio.designer, draft.id)
    with pytest.raises(Conflict):
        drafts.save_file(studio.designer, draft.id, "form/new.json", b"{}", None)
    with pytest.raises(Conflict):
        drafts.lock(studio.designer, draft.id)
    assert SMALL in drafts.names_of(draft.id)


def test_the_database_itself_keeps_saves_and_the_second_person(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    drafts.save_file(studio.designer, draft.id, "form/new.json", b"{}", None)
    for statement in (
        "UPDATE model_draft_save SET note = 'x'",
        "DELETE FROM model_draft_save",
        "UPDATE model_blob SET size = 0",
    ):
        with pytest.raises(DBAPIError, match="append-only"), unit_of_work() as connection:
            connection.execute(text(statement))
    for change in (
        "approved_by = author_id, approved_at = created_at",
        "state = 'approved'",
        "state = 'published'",
        "state = 'lost'",
    ):
        with pytest.raises(IntegrityError), unit_of_work() as connection:
            connection.execute(text(f"UPDATE model_draft SET {change}"))
    db.close()
