"""The tree of units and people's accounts, kept by the right administrator, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts import areas, delegations, directory, imports, people, queries, services, sign_in, units
from app.accounts.models import Membership, Person
from app.admin import gaps, ties
from app.audit.models import AuditEntry
from app.core import clock as time
from app.core import db
from app.core.db import session, unit_of_work
from app.core.errors import Forbidden, Refusal
from app.core.identity import SYSTEM, Role
from app.runtime.models import Case
from tests.factories.people import actor_of, make_person

pytestmark = pytest.mark.usefixtures("database")
Begin = Callable[..., Case]


def last(chain: str) -> AuditEntry:
    query = select(AuditEntry).where(AuditEntry.chain == chain).order_by(AuditEntry.seq.desc()).limit(1)
    return session().scalars(query).one()


# --- three separated administrators


def test_the_database_itself_keeps_administrators_apart(admins: SimpleNamespace) -> None:
    with pytest.raises(IntegrityError), unit_of_work() as db_:
        db_.add(Membership(person_id=admins.system.person_id, unit_id=admins.city.id, role=Role.AUDIT_ADMIN))


def test_each_administrator_does_his_own_part_only(admins: SimpleNamespace, office: SimpleNamespace) -> None:
    clerk = office.clerks[0].person_id
    with pytest.raises(Forbidden, match="系统管理员"):
        services.create_person(admins.security, login="zhangsan", name="张三")
    with pytest.raises(Forbidden, match="系统管理员"):
        units.rename_unit(admins.audit, office.street_id, name="x", short_name="", code=None)
    with pytest.raises(Forbidden, match="安全管理员"):
        services.grant(admins.system, clerk, office.street_id, Role.STREET_FINANCE)
    with pytest.raises(Forbidden, match="自己"):
        services.grant(admins.security, admins.security.person_id, admins.city.id, Role.CITY_OFFICER)
    with pytest.raises(Refusal, match="不能由同一人担任"):
        services.grant(admins.security, admins.system.person_id, admins.city.id, Role.AUDIT_ADMIN)


def test_an_administrators_duty_is_not_lent(admins: SimpleNamespace) -> None:
    start, end = time.now(), time.now() + timedelta(days=3)
    with pytest.raises(Refusal, match="不能请人代理"):
        delegations.delegate(admins.system, admins.security.person_id, start, end, None)
    services.grant(admins.security, admins.system.person_id, admins.city.id, Role.CITY_OFFICER)
    both = queries.actor(admins.system.person_id)
    delegations.delegate(both, admins.security.person_id, start, end, None)
    stands_in = queries.actor(admins.security.person_id)
    assert stands_in.has(Role.CITY_OFFICER)
    assert not stands_in.has(Role.SYSTEM_ADMIN)


# --- units


def test_a_unit_moves_with_all_below_it(admins: SimpleNamespace, office: SimpleNamespace) -> None:
    street = queries.unit(office.street_id)
    zone = services.create_unit(
        admins.system, name="高新区", kind="district", area_kind="functional_zone", city=street.city,
        parent_id=admins.city.id,
    )  # fmt: skip
    units.move_unit(admins.system, street.id, zone.id)
    db.close()
    community = queries.unit(office.community_id)
    assert community.path == f"/{admins.city.id}/{zone.id}/{street.id}/{community.id}/"
    assert queries.actor(office.clerks[0].person_id).scope == {street.id, community.id}
    with pytest.raises(Refusal, match="上级单位"):
        units.move_unit(admins.system, zone.id, street.id)
    assert last(f"org_unit:{street.id}").action == "accounts.move_unit"


def test_a_unit_goes_only_when_nothing_hangs_on_it(
    admins: SimpleNamespace, office: SimpleNamespace, begin: Begin
) -> None:
    from tests.integration.runtime.test_approval_acts import line

    case = begin(line())
    found = ties.of_unit(office.street_id)
    words = "；".join(found)
    assert "1 个下级单位（教育社区）" in words
    assert "4 名在职人员" in words
    assert "1 项未办完的待办" in words
    assert case.no in words
    with pytest.raises(Refusal, match="1 项未办完的待办"):
        units.switch_off_unit(admins.system, office.street_id, found)
    empty = services.create_unit(
        admins.system, name="新社区", kind="community", city="440400", parent_id=office.street_id
    )
    units.switch_off_unit(admins.system, empty.id, ties.of_unit(empty.id))
    assert not queries.unit(empty.id).active
    units.switch_on_unit(admins.system, empty.id)
    assert queries.unit(empty.id).active


def test_the_first_unit_of_an_installation_becomes_its_city(database: Any, tmp_path: Any) -> None:
    first = services.create_unit(SYSTEM, name="本市", kind="city", city=areas.NO_CITY)
    table = tmp_path / "areas.csv"
    table.write_text(
        "code,name,kind,parent_code\n4404,珠海市,city,\n440402,香洲区,district,4404\n", encoding="utf-8"
    )
    assert areas.import_areas(SYSTEM, table, frozenset({"4404"})) == 1
    db.close()
    assert (queries.unit(first.id).name, queries.unit(first.id).city) == ("珠海市", "440400")
    assert queries.unit_by_code("440402").path.startswith(f"/{first.id}/")


def test_a_city_without_a_table_is_named_by_hand(database: Any) -> None:
    first = services.create_unit(SYSTEM, name="本市", kind="city", city=areas.NO_CITY)
    below = services.create_unit(SYSTEM, name="某区", kind="district", city=areas.NO_CITY, parent_id=first.id)
    units.rename_unit(SYSTEM, first.id, name="佛山市", short_name="", code="4406")
    db.close()
    assert {queries.unit(one).city for one in (first.id, below.id)} == {"440600"}


# --- people


def test_an_account_is_mended_locked_out_and_let_in_again(
    admins: SimpleNamespace, office: SimpleNamespace
) -> None:
    clerk = office.clerks[0].person_id
    token = sign_in.open_session(directory.person(clerk))
    people.edit_person(admins.system, clerk, name="王经办", unit_id=office.community_id)
    assert queries.actor(clerk).has(Role.STREET_CLERK, office.street_id)  # moving gives and takes no role
    people.sign_out_everywhere(admins.system, clerk)
    db.close()
    assert sign_in.person_of(token) is None
    services.deactivate(admins.system, clerk, "调离")
    assert last(f"person:{clerk}").after == {"active": False, "reason": "调离"}
    people.reactivate(admins.system, clerk)
    for _ in range(5):
        with pytest.raises(Refusal):
            sign_in.authenticate(directory.person(clerk).login, "wrong-password")
    db.close()
    assert directory.person(clerk).locked_until is not None
    people.unlock(admins.system, clerk)
    assert directory.person(clerk).locked_until is None
    with pytest.raises(Forbidden, match="自己"):
        people.reactivate(admins.system, admins.system.person_id)


def test_a_role_is_asked_for_by_one_and_given_by_another(
    admins: SimpleNamespace, office: SimpleNamespace
) -> None:
    person, _ = services.create_person(admins.system, login="zhangsan", name="张三", unit_id=office.street_id)
    people.ask_role(admins.system, person.id, office.street_id, Role.STREET_FINANCE)
    people.ask_role(admins.system, person.id, office.street_id, Role.STREET_LEADER)
    assert directory.request_count() == 2
    assert queries.actor(person.id).grants == frozenset()
    services.grant(admins.security, person.id, office.street_id, Role.STREET_FINANCE, "按分工")
    assert last(f"person:{person.id}").after == {
        "unit": office.street_id, "role": "street.finance", "reason": "按分工",
    }  # fmt: skip
    (waiting,) = directory.requests()
    with pytest.raises(Refusal, match="理由"):
        people.decline_request(admins.security, waiting[0].id, " ")
    with pytest.raises(Forbidden, match="安全管理员"):
        people.decline_request(admins.system, waiting[0].id, "不")
    people.decline_request(admins.security, waiting[0].id, "领导另有人选")
    assert directory.request_count() == 0
    assert [grant.role for grant in queries.actor(person.id).grants] == [Role.STREET_FINANCE]


def test_a_list_of_people_is_searched_page_by_page(admins: SimpleNamespace, office: SimpleNamespace) -> None:
    names = [line.person.name for line in directory.people(unit_id=office.street_id)]
    assert names == ["经办1", "经办2", "经办3", "领导"]
    first = directory.people(unit_id=office.street_id, limit=2)
    assert [one.person.name for one in directory.people(after=first[-1].person.id, limit=2)] == [
        "经办3", "领导",
    ]  # fmt: skip
    assert [line.person.name for line in directory.people(text="系统")] == ["系统管理员"]
    services.deactivate(admins.system, office.clerks[0].person_id)
    assert [line.person.name for line in directory.people(state="off")] == ["经办1"]


# --- spreadsheets


HEAD = ["用户名", "姓名", "单位", "岗位"]


def test_rows_are_judged_first_and_taken_over_one_by_one(
    admins: SimpleNamespace, office: SimpleNamespace
) -> None:
    clerk = directory.person(office.clerks[0].person_id)
    table = [
        HEAD,
        ["ZhangSan", "张三", "狮山街道", "街道财务"],
        [clerk.login, "经办1", "教育社区", ""],
        [directory.person(office.clerks[1].person_id).login, "经办2", "狮山街道", "街道经办"],
        ["lisi", "李四", "没有的街道", ""],
        ["wangwu", "王五", "狮山街道", "两委成员"],
        ["x", "太短", "狮山街道", ""],
        ["", "", "", ""],
        ["zhaoliu", "赵六", "狮山街道", ""],
        ["zhaoliu", "赵六", "狮山街道", ""],
    ]
    rows = imports.read(table)
    trial = imports.preview(admins.system, rows)
    results = [line.result for line in trial]
    assert results == ["added", "changed", "same", "refused", "refused", "refused", "refused", "refused"]
    assert [line.row.number for line in trial][-1] == 10
    assert "没有名称或代码" in trial[3].words
    assert "不能设在这类单位" in trial[4].words
    assert "不止一次" in trial[7].words
    assert session().scalar(select(Person.id).where(Person.login == "zhangsan")) is None
    done = imports.carry_out(admins.system, rows)
    assert [line.result for line in done] == results
    assert sign_in.authenticate("zhangsan", done[0].password).must_change
    assert directory.person(clerk.id).unit_id == office.community_id
    ((wish, person, _),) = directory.requests()
    assert (person.login, wish.role) == ("zhangsan", Role.STREET_FINANCE)
    assert [line.result for line in imports.preview(admins.system, rows)][:3] == ["same", "same", "same"]
    with pytest.raises(Forbidden):
        imports.preview(admins.security, rows)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ([], "空的"),
        ([["用户名", "姓名"]], "单位、岗位"),
        ([HEAD, ["", "", "", ""]], "没有人员"),
        ([HEAD, *[[f"p{n:04d}", "名", "市", ""] for n in range(301)]], "300"),
    ],
)
def test_a_table_that_is_none_is_refused_whole(database: Any, table: list[list[str]], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        imports.read(table)


def test_two_units_of_one_name_need_their_code(admins: SimpleNamespace, office: SimpleNamespace) -> None:
    services.create_unit(
        admins.system, name="教育社区", kind="community", city="440400", code="440402001099",
        parent_id=office.street_id,
    )  # fmt: skip
    by_name, by_code = imports.preview(
        admins.system,
        imports.read([HEAD, ["zhangsan", "张三", "教育社区", ""], ["lisi", "李四", "440402001099", ""]]),
    )
    assert "2 个单位" in by_name.words
    assert by_code.result == "added"


# --- steps that nobody could do


def test_a_post_the_diagram_needs_and_nobody_holds_is_told(
    admins: SimpleNamespace, office: SimpleNamespace, begin: Begin
) -> None:
    from tests.integration.runtime.test_approval_acts import line

    begin(line())
    street = queries.unit(office.street_id)
    assert gaps.of_units([street]) == []
    services.deactivate(admins.system, office.leader.person_id)
    (gap,) = gaps.of_units([street, queries.unit(office.community_id)])
    assert (gap.unit.id, gap.demand.role, gap.demand.steps) == (street.id, Role.STREET_LEADER, ("签发",))
    assert actor_of(make_person("新领导", Role.STREET_LEADER, street)).has(Role.STREET_LEADER)
    assert gaps.of_units([street]) == []
