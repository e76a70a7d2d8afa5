"""A draft on its way into force: a second person, a day, a way back."""

from __future__ import annotations

import re
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError

from app.core import clock as time
from app.core import db
from app.core.clock import MovableClock
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, Forbidden, Refusal
from app.core.identity import SYSTEM
from app.policy import queries as packs
from app.runtime import definitions, publication
from app.runtime.models import Definition, Publication
from app.studio import checking, drafts, publishing
from app.studio.checking import Report
from app.studio.models import ModelDraft
from tests.factories.studio import FORM, MANIFEST, SMALL, begin, make_studio, small


@pytest.fixture
def studio(database: Engine) -> SimpleNamespace:
    del database
    return make_studio()


def change(studio: SimpleNamespace, draft: ModelDraft, days: str = "7") -> None:
    """The leader's time, and the notice's."""
    drafts.save_file(studio.designer, draft.id, SMALL, small(days), 99)
    manifest = drafts.file_of(draft.id, MANIFEST).decode()
    new = re.sub(r"(项目公示期, value: )\d+", rf"\g<1>{days}", manifest)
    drafts.save_file(studio.designer, draft.id, MANIFEST, new.encode(), 99)


def approved(studio: SimpleNamespace, days: str = "7") -> ModelDraft:
    draft = begin(studio)
    change(studio, draft, days)
    publishing.submit(studio.designer, draft.id, "办理时限和公示期改长")
    publishing.approve(studio.publisher, draft.id, "同意")
    return draft


def publicity_days() -> Any:
    return packs.active("zhuhai", time.today()).value("publicity_days")


def test_a_change_goes_into_force_with_its_pack(studio: SimpleNamespace) -> None:
    draft = approved(studio)
    assert publicity_days() == 5
    made = publishing.publish(studio.publisher, draft.id)
    assert (made.no, made.state, made.notes) == (2, "published", "办理时限和公示期改长")
    assert (made.created_by, made.approved_by) == (studio.designer.person_id, studio.publisher.person_id)
    assert definitions.in_force("zhuhai", "small") == made.id
    assert b'value="7"' in definitions.bundle(made.id).files[SMALL]
    assert publicity_days() == 7
    assert session().get_one(Definition, studio.definition.id).state == "retired"
    assert [one.kind for one in publishing.events_of(draft.id)] == ["submitted", "approved", "published"]
    with pytest.raises(Conflict):
        publishing.publish(studio.publisher, draft.id)


def test_nobody_approves_or_publishes_what_they_wrote(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    change(studio, draft)
    drafts.unlock(studio.designer, draft.id)
    drafts.save_file(
        studio.colleague, draft.id, "form/new.json", b'{"type": "object", "properties": {}}', None
    )
    publishing.submit(studio.colleague, draft.id, "改")
    for writer in (studio.designer, studio.colleague):
        with pytest.raises(Forbidden):
            publishing.approve(writer, draft.id, "同意")
    publishing.approve(studio.publisher, draft.id, "同意")
    for writer in (studio.designer, studio.colleague):
        with pytest.raises(Forbidden):
            publishing.publish(writer, draft.id)
    assert definitions.in_force("zhuhai", "small") == studio.definition.id


def test_the_database_keeps_publisher_and_author_apart(studio: SimpleNamespace) -> None:
    made = publishing.publish(studio.publisher, approved(studio).id)
    for column in ("published_by", "approved_by"):
        with pytest.raises(IntegrityError), unit_of_work() as connection:
            connection.execute(text(f"UPDATE definition SET {column} = created_by WHERE id = {made.id}"))
    with pytest.raises(IntegrityError), unit_of_work() as connection:
        connection.execute(text("UPDATE definition SET state = 'published'"))
    db.close()


def test_what_is_faulty_unchanged_or_unexplained_is_not_submitted(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    with pytest.raises(Refusal, match="没有需要审批的改动"):
        publishing.submit(studio.designer, draft.id, "改")
    change(studio, draft)
    with pytest.raises(Refusal) as caught:
        publishing.submit(studio.designer, draft.id, " ")
    assert caught.value.field == "notes"
    good = drafts.file_of(draft.id, SMALL)
    drafts.save_file(
        studio.designer, draft.id, SMALL, good.replace(b'targetRef="decide"', b'targetRef="x"'), 99
    )
    with pytest.raises(Refusal, match="检查没有通过"):
        publishing.submit(studio.designer, draft.id, "改")
    drafts.save_file(studio.designer, draft.id, SMALL, good, 99)
    drafts.save_file(
        studio.designer, draft.id, "form/bad.json", b'{"properties": {"a": {"type": "x"}}}', None
    )
    with pytest.raises(Refusal, match="检查没有通过"):
        publishing.submit(studio.designer, draft.id, "改")
    drafts.delete_file(studio.designer, draft.id, "form/bad.json")
    publishing.submit(studio.designer, draft.id, "改")
    assert drafts.find(draft.id).state == "submitted"


def test_a_submitted_draft_is_closed_until_it_comes_back(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    change(studio, draft)
    publishing.submit(studio.designer, draft.id, "改")
    with pytest.raises(Conflict):
        drafts.save_file(studio.designer, draft.id, "form/new.json", b"{}", None)
    with pytest.raises(Refusal) as caught:
        publishing.send_back(studio.publisher, draft.id, " ")
    assert caught.value.field == "reason"
    publishing.send_back(studio.publisher, draft.id, "请写明依据")
    change(studio, draft, "8")
    publishing.submit(studio.designer, draft.id, "改")
    publishing.approve(studio.publisher, draft.id, "同意")
    publishing.withdraw(studio.designer, draft.id)
    with pytest.raises(Conflict):
        publishing.publish(studio.publisher, draft.id)
    assert drafts.find(draft.id).approved_by is None


def test_a_planned_version_comes_into_force_on_its_day(studio: SimpleNamespace, clock: MovableClock) -> None:
    draft = approved(studio)
    with pytest.raises(Refusal) as caught:
        publishing.publish(studio.publisher, draft.id, time.today())
    assert caught.value.field == "valid_from"
    made = publishing.publish(studio.publisher, draft.id, date(2026, 3, 10))
    assert made.state == "scheduled"
    clock.set(clock.now() + timedelta(days=7))
    assert definitions.in_force("zhuhai", "small") == studio.definition.id
    assert publication.put_due_in_force() == 0
    assert publicity_days() == 5
    clock.set(clock.now() + timedelta(days=1))
    assert definitions.in_force("zhuhai", "small") == made.id
    assert publication.put_due_in_force() == 1
    assert publication.put_due_in_force() == 0
    assert publicity_days() == 7
    row = session().get_one(Definition, made.id)
    assert (row.state, row.published_by) == ("published", studio.publisher.person_id)
    kinds = session().scalars(select(Publication.kind).where(Publication.definition_id == made.id))
    assert sorted(kinds) == ["published", "scheduled"]


def test_a_plan_can_be_taken_back(studio: SimpleNamespace, clock: MovableClock) -> None:
    made = publishing.publish(studio.publisher, approved(studio).id, date(2026, 3, 10))
    publication.cancel_schedule(studio.publisher, made.id, "推迟")
    clock.set(clock.now() + timedelta(days=30))
    assert publication.put_due_in_force() == 0
    assert definitions.in_force("zhuhai", "small") == studio.definition.id
    with pytest.raises(Conflict):
        publication.cancel_schedule(studio.publisher, made.id, "再撤")


def test_an_older_version_comes_back_as_a_new_act(studio: SimpleNamespace) -> None:
    made = publishing.publish(studio.publisher, approved(studio).id)
    with pytest.raises(Refusal) as caught:
        publication.roll_back(studio.publisher, studio.definition.id, " ")
    assert caught.value.field == "reason"
    with pytest.raises(Conflict):
        publication.roll_back(studio.publisher, made.id, "不是旧版")
    second = publishing.publish(studio.publisher, approved(studio, "9").id)
    assert second.no == 3
    with pytest.raises(Forbidden):
        publication.roll_back(studio.designer, made.id, "第三版有误")
    publication.roll_back(studio.publisher, made.id, "第三版有误")
    assert definitions.in_force("zhuhai", "small") == made.id
    assert publicity_days() == 7
    acts = session().scalars(select(Publication).where(Publication.definition_id == made.id))
    assert [(one.kind, one.reason) for one in acts] == [("published", ""), ("rolled_back", "第三版有误")]


def test_what_came_into_force_meanwhile_is_not_undone_unseen(studio: SimpleNamespace) -> None:
    mine, other = begin(studio, "我的"), begin(studio, "别人的")
    form = "form/act.json"
    changed = drafts.file_of(mine.id, form).replace("说明".encode(), "理由".encode())
    drafts.save_file(studio.designer, mine.id, form, changed, 99)
    change(studio, other)
    publishing.submit(studio.designer, other.id, "改时限")
    publishing.approve(studio.publisher, other.id, "同意")
    made = publishing.publish(studio.publisher, other.id)
    with pytest.raises(Conflict, match="并入现行版本"):
        publishing.submit(studio.designer, mine.id, "改名")
    merged = publishing.bring_up_to_date(studio.designer, mine.id)
    assert merged.taken == [SMALL, MANIFEST]
    assert merged.clashing == []
    files = drafts.files_of(mine.id)
    assert files[form] == changed
    assert files[SMALL] == definitions.bundle(made.id).files[SMALL]
    publishing.submit(studio.designer, mine.id, "改名")


def test_what_the_command_line_deployed_is_checked_before_it_is_published(studio: SimpleNamespace) -> None:
    def deploy(data: bytes) -> Definition:
        files = {SMALL: data, "form/act.json": FORM}
        return definitions.deploy(
            SYSTEM, pack_key="zhuhai", process_key="small", title="小", files=files, publish=False
        )

    stuck = small("9").replace(b"</bpmn:process>", b'<bpmn:userTask id="lost" name="lost" /></bpmn:process>')
    with pytest.raises(Refusal, match="检查没有通过"):
        publishing.publish_version(studio.publisher, deploy(stuck).id)
    good = deploy(small("9"))
    publishing.publish_version(studio.publisher, good.id)
    assert definitions.in_force("zhuhai", "small") == good.id


def test_files_changed_on_both_sides_stay_the_drafts_own_and_are_told(studio: SimpleNamespace) -> None:
    mine, other = begin(studio, "我的"), begin(studio, "别人的")
    change(studio, mine, "9")
    change(studio, other)
    publishing.submit(studio.designer, other.id, "改时限")
    publishing.approve(studio.publisher, other.id, "同意")
    publishing.publish(studio.publisher, other.id)
    merged = publishing.bring_up_to_date(studio.designer, mine.id)
    assert (merged.taken, merged.clashing) == ([], [SMALL, MANIFEST])
    assert b'value="9"' in drafts.file_of(mine.id, SMALL)
    assert SMALL in publishing.events_of(mine.id)[-1].note


def test_a_figure_looser_than_the_law_stops_the_draft(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    manifest = drafts.file_of(draft.id, MANIFEST).decode()
    looser = manifest.replace("合同最长期限, value: 36", "合同最长期限, value: 60")
    drafts.save_file(studio.owner, draft.id, MANIFEST, looser.encode(), 1)
    with pytest.raises(Refusal, match="更宽"):
        publishing.submit(studio.owner, draft.id, "放宽")


def verdict(replay: str, outcome: str = "broken") -> SimpleNamespace:
    return SimpleNamespace(
        id="no-payment-before-signature",
        ref="ZH-23",
        text="签约前不付款",
        outcome=outcome,
        path=(),
        replay=replay,
    )


def test_a_broken_law_stops_the_draft_unless_only_the_drawing_allows_it(
    studio: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = begin(studio)
    change(studio, draft)
    said = [verdict("real")]
    monkeypatch.setattr(checking, "judge", lambda files, one: Report((), tuple(said), 0.0))
    for hard in (verdict("real"), verdict(""), verdict("", "unknown")):
        said[:] = [hard]
        with pytest.raises(Refusal) as caught:
            publishing.submit(studio.designer, draft.id, "改")
        assert caught.value.rule == "ZH-23"
    said[:] = [verdict("drawing-only")]
    publishing.submit(studio.designer, draft.id, "改")
    with pytest.raises(Refusal) as caught:
        publishing.approve(studio.publisher, draft.id, "同意")
    assert caught.value.field == "accept-no-payment-before-signature"
    reason = {"no-payment-before-signature": "金额为零时才会走到，实际不会发生"}
    publishing.approve(studio.publisher, draft.id, "同意", reason)
    made = publishing.publish(studio.publisher, draft.id)
    assert made.accepted == reason
