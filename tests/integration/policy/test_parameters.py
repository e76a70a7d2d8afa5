"""A pack's figures: proposed by one, confirmed by another, never looser than the law, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.audit.models import AuditEntry
from app.core import db
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, Forbidden, NotFound, Refusal
from app.core.identity import SYSTEM, Role
from app.policy import parameters, queries, services
from app.policy.models import ParameterProposal
from app.policy.packs import DECIDED, TERM, Pack, load_files
from tests.factories.people import actor_of, make_person, make_units

pytestmark = pytest.mark.usefixtures("database")
PAPER = {"ref": "珠民〔2026〕1 号", "note": "", "decided_by": "局务会", "decided_on": date(2026, 2, 1)}


@pytest.fixture
def office(database: Any, pack: Pack) -> SimpleNamespace:
    units = make_units()
    made = SimpleNamespace(
        city=actor_of(make_person("市民政", Role.CITY_OFFICER, units.city)),
        district=actor_of(make_person("区民政", Role.DISTRICT_OFFICER, units.district)),
        clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
        first=services.prepare(SYSTEM, pack, production=True),
    )
    db.close()
    return made


def propose(office: SimpleNamespace, name: str, value: Any, **more: Any) -> ParameterProposal:
    return parameters.propose(office.city, "zhuhai", name, value=value, **{**PAPER, **more})


def test_a_confirmed_value_is_the_next_version_and_the_old_one_stays(office: SimpleNamespace) -> None:
    number = propose(office, "publicity_days", 7).id
    assert queries.latest("zhuhai").value("publicity_days") == 5  # type: ignore[union-attr]
    version = parameters.confirm(office.district, [number], production=False)
    db.close()
    decided = queries.pack(version.id)
    assert (version.no, version.active) == (2, True)
    assert decided.value("publicity_days") == 7
    assert not decided.parameter("publicity_days").open
    assert (
        decided.parameter("publicity_days").source_text == "本单位决定（局务会，2026-02-01） 珠民〔2026〕1 号"
    )
    assert queries.pack(office.first.id).value("publicity_days") == 5  # running cases keep theirs
    acts = list(session().scalars(select(AuditEntry.action).where(AuditEntry.chain == "pack:zhuhai")))
    assert acts == ["policy.propose", "policy.confirm"]


def test_a_value_looser_than_the_law_is_refused_with_both_references(office: SimpleNamespace) -> None:
    with pytest.raises(Refusal) as caught:
        propose(office, "advance_max_pct", 41)
    assert "珠民〔2026〕1 号" in caught.value.message
    assert "ZH-23" in caught.value.message
    with pytest.raises(Refusal, match="L-10"):
        propose(office, "award_notice_days", 5)
    propose(office, "advance_max_pct", 30)
    propose(office, "publicity_days", 3)  # an invented figure binds nobody
    propose(office, "procurement_limit", 300_000_000)  # nor does one that nobody has read in its source


def test_the_laws_own_figure_is_confirmed_as_the_laws(office: SimpleNamespace) -> None:
    number = propose(office, "scorers", 3).id
    parameters.confirm(office.district, [number], production=True)
    found = queries.latest("zhuhai").parameter("scorers")  # type: ignore[union-attr]
    assert (found.source, found.status, found.open) == ("law", "primary", False)
    assert found.ref == "L-27，珠民〔2026〕1 号"


def test_nobody_confirms_his_own(office: SimpleNamespace) -> None:
    number = propose(office, "publicity_days", 7).id
    with pytest.raises(Forbidden, match="自己提出"):
        parameters.confirm(office.city, [number], production=False)
    with pytest.raises(Forbidden):
        parameters.confirm(office.clerk, [number], production=False)
    with pytest.raises(Forbidden):
        parameters.propose(office.clerk, "zhuhai", "pay_days", value=5, **PAPER)
    with pytest.raises(IntegrityError), unit_of_work() as db_:
        row = db_.get_one(ParameterProposal, number)
        row.state, row.settled_by = "confirmed", row.proposed_by
        db_.flush()


def test_one_proposal_at_a_time_sent_back_or_withdrawn(office: SimpleNamespace) -> None:
    number = propose(office, "publicity_days", 7).id
    with pytest.raises(Refusal, match="等待确认"):
        propose(office, "publicity_days", 8)
    with pytest.raises(Refusal, match="理由"):
        parameters.refuse(office.district, number, " ")
    parameters.refuse(office.district, number, "依据不对")
    with pytest.raises(Conflict):
        parameters.confirm(office.district, [number], production=False)
    own = propose(office, "publicity_days", 8).id
    parameters.refuse(office.city, own, "重提")
    assert [(one.state, one.settled_by) for one in queries.proposals("zhuhai", "settled")] == [
        ("refused", None),
        ("refused", office.district.person_id),
    ]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("publicity_days", -1, "不小于 0"),
        ("publicity_days", "7", "不小于 0"),
        ("satisfaction_min_weight", 101, "100"),
        ("debt_words", [], "至少一个"),
        (TERM, " ", "延续文件"),
        ("advance_base", "x", "不能在页面上修改"),
    ],
)
def test_values_are_of_their_kind(office: SimpleNamespace, name: str, value: Any, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        propose(office, name, value)


def test_a_decision_is_not_of_the_future_and_its_parameter_exists(office: SimpleNamespace) -> None:
    with pytest.raises(Refusal, match="今天"):
        propose(office, "publicity_days", 7, decided_on=date(2026, 3, 3))
    with pytest.raises(NotFound):
        propose(office, "no_such", 7)


@pytest.mark.requirement("ZH-30", "reject")
def test_production_starts_nothing_before_all_is_confirmed_and_starts_after(
    office: SimpleNamespace, pack: Pack
) -> None:
    waiting = queries.latest("zhuhai").waiting  # type: ignore[union-attr]
    assert TERM in {one.name for one in waiting}
    with pytest.raises(Refusal, match=f"{len(waiting)} 项取值没有确认"):
        queries.active("zhuhai", date(2026, 3, 2))
    numbers = [
        propose(office, one.name, "珠民〔2024〕3 号延续通知" if one.name == TERM else one.value).id
        for one in waiting
    ]
    half = parameters.confirm(office.district, numbers[:5], production=True)
    assert not half.active
    with pytest.raises(Refusal, match="没有确认"):
        queries.active("zhuhai", date(2026, 3, 2))
    whole = parameters.confirm(office.district, numbers[5:], production=True)
    assert whole.active
    db.close()
    live = queries.active("zhuhai", date(2026, 3, 2))
    assert live.version_id == whole.id
    assert live.waiting == []
    assert live.term is not None
    assert live.term.value == "珠民〔2024〕3 号延续通知"


def test_a_later_release_of_the_pack_keeps_what_was_decided(office: SimpleNamespace, pack: Pack) -> None:
    number = propose(office, "publicity_days", 7).id
    decided = parameters.confirm(office.district, [number], production=False)
    assert services.store(SYSTEM, pack).id == decided.id  # the same release again changes nothing
    files = {**pack.files, "codes.csv": pack.files["codes.csv"] + b"category,zz,x,\n"}
    later = services.prepare(SYSTEM, load_files(files, "zhuhai"), production=False)
    assert later.no == 3
    assert queries.pack(later.id).value("publicity_days") == 7


def test_a_release_that_forbids_what_was_decided_is_refused(office: SimpleNamespace, pack: Pack) -> None:
    number = propose(office, "publicity_days", 3).id
    parameters.confirm(office.district, [number], production=False)
    stricter = pack.files["zhuhai/pack.yaml"].replace(
        "publicity_days: {label: 项目公示期, value: 5, unit: 工作日, dir: min, source: demo}".encode(),
        "publicity_days: {label: 项目公示期, value: 5, unit: 工作日, dir: min, ref: X-1, source: law}".encode(),
    )
    fresh = load_files({**pack.files, "zhuhai/pack.yaml": stricter}, "zhuhai")
    with pytest.raises(Refusal, match="X-1"):
        services.store(SYSTEM, fresh)
    assert DECIDED not in replace(fresh).files


def test_an_older_version_put_in_force_again_keeps_what_was_decided_since(
    office: SimpleNamespace, pack: Pack
) -> None:
    files = {**pack.files, "codes.csv": pack.files["codes.csv"] + b"category,zz,x,\n"}
    later = services.prepare(SYSTEM, load_files(files, "zhuhai"), production=False)
    number = propose(office, "publicity_days", 7).id
    parameters.confirm(office.district, [number], production=False)
    for version in (office.first, later):
        services.activate(SYSTEM, version.id)
        db.close()
        live = queries.active("zhuhai", date(2026, 3, 2))
        assert live.value("publicity_days") == 7
        assert live.files["codes.csv"] == queries.pack(version.id).files["codes.csv"]
