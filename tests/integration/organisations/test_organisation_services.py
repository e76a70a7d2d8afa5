"""The register of organisations: who gets in, who mends what, whose credit it is (ZH-03, ZH-24c)."""

from __future__ import annotations

import io
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.accounts.queries import unit
from app.audit import services as audit
from app.core import clock as time
from app.core.db import session, unit_of_work
from app.core.errors import Forbidden, Refusal, Refusals
from app.core.identity import SYSTEM, Role
from app.files import services as files
from app.organisations import queries, services
from app.organisations.models import CreditEntry, Organisation
from app.policy import services as policy
from app.policy.packs import Pack
from tests.factories.people import actor_of, make_person, make_units
from tests.factories.procurement import code, make_organisation, member_of

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def world(database: object) -> SimpleNamespace:
    units = make_units()
    found = make_organisation("安康社会工作服务中心")
    return SimpleNamespace(
        units=units,
        clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
        organisation=found,
        member=member_of(found),
    )


def register(world: SimpleNamespace, **changes: Any) -> Organisation:
    answers = {
        "kind": "social_service",
        "name": "博爱服务中心",
        "city": "440400",
        "uscc": code(77),
        **changes,
    }
    return services.register_organisation(world.clerk, **answers)


def filed(world: SimpleNamespace, **changes: Any) -> Organisation:
    papers = {
        "kind": "filed",
        "name": "教育社区邻里互助会",
        "uscc": None,
        "filing_no": "狮社备2026-003",
        "filing_street_id": world.units.street.id,
        "filing_date": date(2026, 1, 15),
    }
    return register(world, **{**papers, **changes})


@pytest.mark.requirement("ZH-03", "accept")
def test_a_registered_organisation_gets_in_with_its_code(world: SimpleNamespace) -> None:
    made = register(world, uscc=f" {code(77).lower()} ")
    assert (made.uscc, made.kind) == (code(77), "social_service")
    home = unit(made.unit_id)
    assert (home.kind, home.name, home.city) == ("organisation", "博爱服务中心", "440400")
    assert queries.organisation_of_unit(home.id) is made


@pytest.mark.requirement("ZH-03", "accept")
def test_a_community_organisation_gets_in_with_its_filing(world: SimpleNamespace) -> None:
    made = filed(world)
    assert (made.uscc, made.filing_no, made.filing_street_id) == (
        None,
        "狮社备2026-003",
        world.units.street.id,
    )


@pytest.mark.requirement("ZH-03", "reject")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"uscc": code(77)[:-1] + ("0" if code(77)[-1] != "0" else "1")}, "uscc"),
        ({"uscc": "91110000600037341L"}, "uscc"),
        ({"kind": "enterprise"}, "kind"),
        ({"kind": "social_group"}, "kind"),
        ({"uscc": None}, "uscc"),
    ],
    ids=["wrong check digit", "an enterprise's code", "an enterprise", "another kind's code", "no code"],
)
def test_who_is_no_registered_organisation_stays_out(
    world: SimpleNamespace, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusals) as refused:
        register(world, **changes)
    assert (refused.value.rule, refused.value.field) == ("ZH-03", field)
    assert session().scalar(select(func.count()).select_from(Organisation)) == 1


@pytest.mark.requirement("ZH-03", "reject")
@pytest.mark.parametrize("missing", ["filing_no", "filing_street_id", "filing_date"])
def test_a_filing_without_number_street_or_day_is_none(world: SimpleNamespace, missing: str) -> None:
    with pytest.raises(Refusals) as refused:
        filed(world, **{missing: None})
    assert (refused.value.rule, refused.value.field) == ("ZH-03", missing)


def test_a_filing_is_with_a_street_and_only_once(world: SimpleNamespace) -> None:
    with pytest.raises(Refusal, match="应当是镇（街道）"):
        filed(world, filing_street_id=world.units.community.id)
    filed(world)
    with pytest.raises(Refusal, match="已经登记"):
        filed(world, name="又一个互助会")
    filed(world, name="福石社区互助会", filing_street_id=world.units.other_street.id)


def test_a_code_is_registered_once(world: SimpleNamespace) -> None:
    register(world)
    with pytest.raises(Refusal, match="不能重复登记") as refused:
        register(world, name="同名不同人")
    assert refused.value.field == "uscc"


def test_the_database_itself_keeps_out_what_is_no_organisation(world: SimpleNamespace) -> None:
    with pytest.raises(IntegrityError), unit_of_work() as db:
        db.execute(text("UPDATE organisation SET uscc = NULL"))
    with pytest.raises(IntegrityError), unit_of_work() as db:
        db.execute(text("UPDATE organisation SET kind = 'enterprise'"))


def test_organisations_do_not_register_themselves_or_others(world: SimpleNamespace) -> None:
    with pytest.raises(Forbidden):
        services.register_organisation(
            world.member, kind="social_service", name="自己登记", city="440400", uscc=code(78)
        )


@pytest.mark.requirement("ZH-24c", "accept")
def test_an_organisation_mends_its_phone_and_shows_a_paper_for_its_capacity(world: SimpleNamespace) -> None:
    services.update_profile(
        world.member, world.organisation.id, {"phone": "0756-2221111", "scope": ["basic.health"]}
    )
    found = queries.by_id(world.organisation.id)
    assert (found.phone, found.scope) == ("0756-2221111", ["basic.health"])
    paper = files.store(world.member, "社工证.pdf", io.BytesIO(PDF))
    services.claim_capacity(world.member, found.id, kind="staff", text="持证社工 6 名", file_ids=[paper.id])
    assert [(c.kind, c.text, c.file_ids) for c in queries.capacity_of(found.id)] == [
        ("staff", "持证社工 6 名", [paper.id])
    ]
    assert audit.verify().ok


def test_audit_of_a_profile_tells_no_phone(world: SimpleNamespace) -> None:
    services.update_profile(
        world.member, world.organisation.id, {"phone": "0756-2221111", "contact": "王小明"}
    )
    rows = session().execute(text("SELECT action, before, after FROM audit_entry")).all()
    told = " ".join(str(row) for row in rows)
    assert "organisations.update" in told
    assert "2221111" not in told
    assert "王小明" not in told


@pytest.mark.requirement("ZH-24c", "reject")
def test_a_capacity_without_paper_is_not_taken(world: SimpleNamespace) -> None:
    with pytest.raises(Refusals) as refused:
        services.claim_capacity(
            world.member, world.organisation.id, kind="staff", text="社工 60 名", file_ids=[]
        )
    assert (refused.value.rule, refused.value.field) == ("ZH-24c", "files")
    foreign = files.store(world.clerk, "别人的.pdf", io.BytesIO(PDF))
    with pytest.raises(Refusal, match="不是由您上传"):
        services.claim_capacity(
            world.member, world.organisation.id, kind="staff", text="社工", file_ids=[foreign.id]
        )


@pytest.mark.requirement("ZH-24c", "reject")
def test_an_organisation_does_not_write_its_own_credit(world: SimpleNamespace) -> None:
    with pytest.raises(Forbidden) as refused:
        record(world, who=world.member)
    assert refused.value.rule == "ZH-24c"
    assert queries.credit_of(world.organisation.id) == []


def test_an_organisation_does_not_change_its_registration_or_anothers_profile(world: SimpleNamespace) -> None:
    with pytest.raises(Refusal, match="以登记机关为准"):
        services.update_profile(world.member, world.organisation.id, {"name": "大安康中心"})
    other = make_organisation("博爱服务中心")
    with pytest.raises(Forbidden):
        services.update_profile(world.member, other.id, {"phone": "1"})
    with pytest.raises(Forbidden):
        services.claim_capacity(world.member, other.id, kind="staff", text="社工", file_ids=[1])


def record(world: SimpleNamespace, who: Any = None, **changes: Any) -> CreditEntry:
    answers = {
        "kind": "penalty",
        "grade": None,
        "text": "未按期报送年报",
        "source": "市民政局通报",
        **changes,
    }
    return services.record_credit(
        who or world.clerk, organisation_id=world.organisation.id, case_id=None, **answers
    )


def test_credit_is_kept_and_never_changed(world: SimpleNamespace) -> None:
    record(world, kind="honour", text="先进社会组织")
    entry = record(world, document_no="民罚〔2026〕3号")
    assert [e.text for e in queries.credit_of(world.organisation.id)] == ["未按期报送年报", "先进社会组织"]
    for statement in ("UPDATE credit_entry SET text = 'x'", "DELETE FROM credit_entry"):
        with pytest.raises(DBAPIError, match="append-only"), unit_of_work() as db:
            db.execute(text(statement))
    with pytest.raises(Refusal):
        services.lift_listing(world.clerk, entry.id, text="移出", source="通报", since=time.today())


def test_a_listing_counts_from_its_day_until_its_end_or_until_lifted(world: SimpleNamespace) -> None:
    number = world.organisation.id
    local = record(
        world,
        kind="listing",
        list_kind="local",
        since=date(2026, 3, 10),
        until=date(2026, 3, 20),
        text="本地",
    )
    assert local.list_kind == "local"

    def kind(day: int) -> str:
        return queries.credit_snapshot(number, date(2026, 3, day)).list_kind

    assert [kind(day) for day in (9, 10, 20, 21)] == ["none", "local", "local", "none"]
    national = record(world, kind="listing", list_kind="national", since=date(2026, 3, 12), text="全国")
    assert kind(12) == "national"
    services.lift_listing(
        world.clerk, national.id, text="信用修复", source="信用中国", since=date(2026, 3, 15)
    )
    assert [kind(day) for day in (14, 15, 31)] == ["national", "local", "none"]
    with pytest.raises(Refusal, match="已经移出"):
        services.lift_listing(
            world.clerk, national.id, text="再来", source="信用中国", since=date(2026, 3, 16)
        )


def test_organisations_are_found_by_name_initials_and_code_in_pinyin_order(
    world: SimpleNamespace, pack: Pack
) -> None:
    made = [make_organisation(name) for name in ("长青养老服务中心", "博爱服务中心", "100%公益中心")]

    def names(*args: Any, **more: Any) -> list[str]:
        return [one.name for one in queries.search(*args, **more)]

    assert names() == ["100%公益中心", "安康社会工作服务中心", "博爱服务中心", "长青养老服务中心"]
    assert names("养老") == names("cqyl") == names("CQYL") == ["长青养老服务中心"]
    assert names("100%") == ["100%公益中心"]
    assert names("%") == ["100%公益中心"]
    assert names(str(made[1].uscc)) == ["博爱服务中心"]
    first = queries.search(limit=2)
    rest = queries.search(after=(first[-1].sort_key, first[-1].id))
    assert [one.name for one in rest] == ["博爱服务中心", "长青养老服务中心"]
    policy.store(SYSTEM, pack)
    assert ("basic.elder_care", "居家养老") in queries.categories()
