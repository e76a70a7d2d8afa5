"""A project started again from an earlier one: its words, not its decisions."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import config
from app.core import db
from app.core.errors import Forbidden
from app.core.identity import SYSTEM
from app.projects import copying
from app.projects.queries import project_of
from app.runtime.models import Case
from app.runtime.packaging import deploy_pack
from app.runtime.queries import tasks_of
from tests.acting import prepared, step
from tests.factories.projects import PROPOSAL, TOTAL, make_project


@pytest.fixture
def source(office: SimpleNamespace) -> Case:
    deploy_pack(SYSTEM, config.ROOT / "bpmn", "zhuhai", publish=True)
    case = make_project(office)
    step(office, case, "proposal.draft", office.member, PROPOSAL)
    db.close()
    return case


def test_the_words_are_taken_over_and_everything_is_decided_anew(
    office: SimpleNamespace, source: Case
) -> None:
    made = copying.start_copy(office.member, source, "居家养老服务（第二期）", "once")
    again = copying.start_copy(office.member, source, "居家养老服务（第二期）", "once")
    assert made.id == again.id != source.id
    db.close()
    old, new = project_of(source.id), project_of(made.id)
    assert (new.title, new.origin) == ("居家养老服务（第二期）", "community")
    assert new.budget_fen == old.budget_fen == TOTAL
    assert (new.summary, new.targets, new.budget_lines) == (old.summary, old.targets, old.budget_lines)
    assert (new.meeting, new.file_ids, new.exclusion_self, new.submitted_at) == (None, [], {}, None)
    assert [task.form_key for task in tasks_of(made.id, "open")] == ["proposal.lead"]
    form = prepared(office, made, "proposal.draft", office.member)
    assert form.values["summary"] == PROPOSAL["summary"]


def test_who_may_not_start_there_may_not_copy(office: SimpleNamespace, source: Case) -> None:
    for actor in (office.finance, office.leader):
        with pytest.raises(Forbidden):
            copying.start_copy(actor, source, "再来一次")
    db.close()
    assert db.session().query(Case).count() == 1
