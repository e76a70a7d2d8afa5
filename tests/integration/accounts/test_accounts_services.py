"""Units, people, roles, signing in: on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.accounts import areas, queries, rules, services, sign_in
from app.accounts.models import LoginSession, OrgUnit, Person, UnknownLogin
from app.audit.models import AuditEntry
from app.audit.services import verify
from app.core import db
from app.core.clock import MovableClock
from app.core.errors import Forbidden, NotFound, Refusal
from app.core.identity import SYSTEM, Actor, Role

AREAS = Path(__file__).resolve().parents[3] / "bpmn" / "law-cn" / "areas.csv"
PASSWORD = "qingfeng-2026"

pytestmark = pytest.mark.usefixtures("database")


def city() -> OrgUnit:
    return services.create_unit(
        SYSTEM, name="珠海市", kind="city", city="440400", code="4404", area_kind="city"
    )


def area(name: str, kind: str, parent: OrgUnit, **more: str) -> OrgUnit:
    return services.create_unit(SYSTEM, name=name, kind=kind, city=parent.city, parent_id=parent.id, **more)


def street() -> OrgUnit:
    return area("狮山街道", "street", area("香洲区", "district", city()))


def person(login: str = "lijianguo", password: str = PASSWORD) -> Person:
    return services.create_person(
        SYSTEM, login=login, name="狮山街道经办", password=password, must_change=False
    )[0]


def actions(chain: str) -> list[str]:
    query = select(AuditEntry.action).where(AuditEntry.chain == chain).order_by(AuditEntry.seq)
    return list(db.session().scalars(query))


# --- units ------------------------------------------------------------------------------------------


@pytest.mark.requirement("ZH-29", "accept")
def test_a_functional_zone_is_a_district_without_a_code() -> None:
    zone = area(
        "珠海高新技术产业开发区", "district", city(), short_name="高新区", area_kind="functional_zone"
    )
    below = area("唐家湾镇", "street", zone, area_kind="town")
    assert zone.code is None
    assert [u.id for u in queries.units_below(zone.id)] == [below.id]
    assert queries.unit_name(zone.id) == "高新区"


@pytest.mark.requirement("ZH-29", "reject")
@pytest.mark.parametrize("kind", ["district", "street", "community", "department"])
def test_an_area_without_its_city_is_refused(kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        services.create_unit(SYSTEM, name="高新区", kind=kind, city="440400", area_kind="functional_zone")
    assert refused.value.errors[0].rule == "ZH-29"
    assert db.session().scalar(select(func.count(OrgUnit.id))) == 0


def test_the_database_itself_refuses_an_area_without_parent() -> None:
    with pytest.raises(IntegrityError), db.unit_of_work() as session:
        session.add(OrgUnit(name="飞地", short_name="飞地", kind="district", city="440400", path="/"))


def test_a_district_does_not_hang_below_another_city() -> None:
    zhuhai = city()
    with pytest.raises(Refusal, match="不在同一个城市"):
        services.create_unit(SYSTEM, name="江岸区", kind="district", city="420100", parent_id=zhuhai.id)


def test_a_code_belongs_to_one_unit() -> None:
    city()
    with pytest.raises(Refusal, match="已经属于别的单位"):
        city()


def test_paths_lead_from_the_city_to_the_community() -> None:
    office = street()
    community = area("香洲社区", "community", office)
    names = [queries.unit_name(int(part)) for part in community.path.strip("/").split("/")]
    assert names == ["珠海市", "香洲区", "狮山街道", "香洲社区"]


def test_areas_are_imported_once() -> None:
    made = areas.import_areas(SYSTEM, AREAS, frozenset({"4404"}))
    assert made == 1 + 3 + 25 + 339
    assert areas.import_areas(SYSTEM, AREAS, frozenset({"4404"})) == 0
    xiangzhou = queries.unit_by_code("440402")
    assert len(queries.units_below(xiangzhou.id, "street")) == 15
    assert queries.unit_by_code("440403100200").short_name == "耕管村"
    assert queries.unit_by_code("440402001001").short_name == "紫荆社区"
    assert queries.unit_by_code("440402001").city == "440400"
    with pytest.raises(NotFound):
        queries.unit_by_code("440402401")  # a statistical plot buys nothing


def test_an_area_table_with_a_hole_is_refused_whole(tmp_path: Path) -> None:
    table = tmp_path / "areas.csv"
    rows = "code,name,kind,parent_code\n4404,珠海市,city,\n440402001,翠香街道,subdistrict,440402\n"
    table.write_text(rows, encoding="utf-8")
    with pytest.raises(Refusal, match="翠香街道") as refused:
        areas.import_areas(SYSTEM, table, frozenset({"4404"}))
    assert refused.value.rule == "ZH-29"
    assert db.session().scalar(select(func.count(OrgUnit.id))) == 0


# --- people and roles -------------------------------------------------------------------------------


def test_an_actor_sees_own_units_and_those_below() -> None:
    office = street()
    community = area("香洲社区", "community", office)
    other = area("前山街道", "street", queries.unit(office.parent_id or 0))
    clerk = person()
    services.grant(SYSTEM, clerk.id, office.id, Role.STREET_CLERK)
    actor = queries.actor(clerk.id)
    assert actor.has(Role.STREET_CLERK, office.id)
    assert actor.scope == {office.id, community.id}
    assert other.id not in actor.scope


def test_a_committee_member_sees_the_community_only() -> None:
    office = street()
    community = area("香洲社区", "community", office)
    member = person()
    services.grant(SYSTEM, member.id, community.id, Role.COMMITTEE_MEMBER)
    assert queries.actor(member.id).scope == {community.id}


def test_an_administrator_of_the_system_sees_no_street_and_an_auditor_all() -> None:
    office = street()
    top = queries.unit_by_code("4404")
    admin, auditor = person("admin"), person("auditor")
    services.grant(SYSTEM, admin.id, top.id, Role.SYSTEM_ADMIN)
    services.grant(SYSTEM, auditor.id, top.id, Role.AUDITOR)
    assert office.id not in queries.actor(admin.id).scope
    assert office.id in queries.actor(auditor.id).scope


def test_people_are_found_by_role_and_unit_until_switched_off() -> None:
    office, clerk = street(), person()
    services.grant(SYSTEM, clerk.id, office.id, Role.STREET_CLERK)
    assert [p.id for p in queries.people_with(Role.STREET_CLERK, office.id)] == [clerk.id]
    assert queries.has_people(Role.STREET_CLERK, office.id)
    assert not queries.has_people(Role.STREET_LEADER, office.id)
    services.deactivate(SYSTEM, clerk.id)
    assert not queries.has_people(Role.STREET_CLERK, office.id)
    with pytest.raises(NotFound):
        queries.actor(clerk.id)


def test_names_come_in_one_go() -> None:
    office, clerk = street(), person()
    assert queries.names_of_people({clerk.id, None}) == {clerk.id: "狮山街道经办"}
    assert queries.names_of_units([office.id, None]) == {office.id: "狮山街道"}
    assert queries.names_of_units([None]) == {}


def test_three_administrators_are_three_people() -> None:
    top = city()
    admin = person()
    services.grant(SYSTEM, admin.id, top.id, Role.SYSTEM_ADMIN)
    for other in (Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
        with pytest.raises(Refusal, match="不能由同一人担任"):
            services.grant(SYSTEM, admin.id, top.id, other)
    assert {g.role for g in queries.actor(admin.id).grants} == {Role.SYSTEM_ADMIN}


def test_roles_are_given_by_the_security_administrator_alone() -> None:
    office = street()
    top = queries.unit_by_code("4404")
    security, clerk = person("security"), person("clerk")
    services.grant(SYSTEM, security.id, top.id, Role.SECURITY_ADMIN)
    keeper = queries.actor(security.id)
    services.grant(keeper, clerk.id, office.id, Role.STREET_CLERK)
    with pytest.raises(Forbidden):
        services.grant(keeper, security.id, office.id, Role.STREET_LEADER)
    with pytest.raises(Forbidden):
        services.grant(queries.actor(clerk.id), security.id, office.id, Role.STREET_LEADER)
    services.revoke(keeper, clerk.id, office.id, Role.STREET_CLERK)
    assert not queries.actor(clerk.id).grants
    with pytest.raises(NotFound):
        services.revoke(keeper, clerk.id, office.id, Role.STREET_CLERK)
    chain = f"person:{clerk.id}"
    assert actions(chain) == ["accounts.create_person", "accounts.grant", "accounts.revoke"]


def test_a_role_stays_in_its_kind_of_unit_and_is_held_once() -> None:
    office, clerk = street(), person()
    with pytest.raises(Refusal, match="不能设在这类单位"):
        services.grant(SYSTEM, clerk.id, office.id, Role.SECRETARY)
    services.grant(SYSTEM, clerk.id, office.id, Role.STREET_CLERK)
    services.grant(SYSTEM, clerk.id, office.id, Role.STREET_CLERK)
    assert actions(f"person:{clerk.id}").count("accounts.grant") == 1


def test_a_login_belongs_to_one_person_whatever_its_case() -> None:
    person("LiJianguo")
    with pytest.raises(Refusal, match="已经有人使用"):
        person(" lijianguo ")


def test_switching_off_takes_a_system_administrator_and_never_oneself() -> None:
    top = city()
    admin, clerk = person("admin"), person("clerk")
    services.grant(SYSTEM, admin.id, top.id, Role.SYSTEM_ADMIN)
    acting = queries.actor(admin.id)
    with pytest.raises(Forbidden):
        services.deactivate(acting, admin.id)
    with pytest.raises(Forbidden):
        services.deactivate(queries.actor(clerk.id), admin.id)
    services.deactivate(acting, clerk.id)
    with pytest.raises(Refusal, match="用户名或密码不正确"):
        sign_in.authenticate("clerk", PASSWORD)


# --- signing in -------------------------------------------------------------------------------------


def test_the_right_password_signs_in_and_is_recorded(clock: MovableClock) -> None:
    known = person()
    assert sign_in.authenticate(" LiJianguo ", PASSWORD).id == known.id
    assert db.session().get_one(Person, known.id).last_login_at == clock.now()
    assert actions(f"person:{known.id}")[-1] == "accounts.login"


@pytest.mark.parametrize("login", ["lijianguo", "nobody"])
def test_an_unknown_login_fails_and_locks_like_a_known_one(login: str, clock: MovableClock) -> None:
    person()
    said = []
    for _ in range(rules.MAX_FAILURES + 1):
        with pytest.raises(Refusal) as refused:
            sign_in.authenticate(login, "wrong-password-1")
        said.append(refused.value.message)
    assert said == [sign_in.WRONG] * rules.MAX_FAILURES + [sign_in.LOCKED]
    clock.advance(rules.LOCK_FOR)
    with pytest.raises(Refusal, match="不正确"):
        sign_in.authenticate(login, "wrong-password-1")


def test_a_locked_account_stays_shut_for_the_right_password_too(clock: MovableClock) -> None:
    known = person()
    for _ in range(rules.MAX_FAILURES):
        with pytest.raises(Refusal):
            sign_in.authenticate(known.login, "wrong-password-1")
    with pytest.raises(Refusal, match="锁定"):
        sign_in.authenticate(known.login, PASSWORD)
    clock.advance(rules.LOCK_FOR - timedelta(seconds=1))
    with pytest.raises(Refusal, match="锁定"):
        sign_in.authenticate(known.login, PASSWORD)
    clock.advance(timedelta(seconds=1))
    assert sign_in.authenticate(known.login, PASSWORD).failed_logins == 0
    assert actions(f"person:{known.id}")[-2:] == ["accounts.lock", "accounts.login"]


def test_a_success_forgets_earlier_failures() -> None:
    known = person()
    for _ in range(rules.MAX_FAILURES - 1):
        with pytest.raises(Refusal):
            sign_in.authenticate(known.login, "wrong-password-1")
    sign_in.authenticate(known.login, PASSWORD)
    with pytest.raises(Refusal):
        sign_in.authenticate(known.login, "wrong-password-1")
    assert sign_in.authenticate(known.login, PASSWORD)


def test_counters_of_unknown_logins_are_dropped_after_a_day(clock: MovableClock) -> None:
    for name in ("ghost", "phantom"):
        with pytest.raises(Refusal):
            sign_in.authenticate(name, "wrong-password-1")
        clock.advance(rules.FORGET_UNKNOWN + timedelta(seconds=1))
    assert db.session().scalar(select(func.count(UnknownLogin.login_hash))) == 1
    assert "ghost" not in str(db.session().scalars(select(UnknownLogin.login_hash)).all())


def test_a_changed_password_ends_every_session() -> None:
    known = person()
    first, second = sign_in.open_session(known), sign_in.open_session(known)
    assert sign_in.person_of(first) is not None
    sign_in.change_password(queries.actor(known.id), PASSWORD, "another-2026-x")
    assert sign_in.person_of(first) is None
    assert sign_in.person_of(second) is None
    assert sign_in.authenticate(known.login, "another-2026-x")


def test_all_faults_of_a_new_password_are_told_at_once() -> None:
    known = person()
    with pytest.raises(Refusal) as refused:
        sign_in.change_password(queries.actor(known.id), "wrong", "short")
    assert [one.field for one in refused.value.errors] == ["old_password", "new_password"]
    with pytest.raises(Refusal, match="不能与原密码相同"):
        sign_in.change_password(queries.actor(known.id), PASSWORD, PASSWORD)
    assert sign_in.authenticate(known.login, PASSWORD)


def test_a_reset_gives_a_password_that_must_be_changed() -> None:
    known = person()
    token = sign_in.open_session(known)
    secret = services.reset_password(SYSTEM, known.id)
    assert sign_in.person_of(token) is None
    assert sign_in.authenticate(known.login, secret).must_change
    assert rules.password_allowed(secret + "9", known.login)


def test_a_closed_or_foreign_token_opens_nothing() -> None:
    known = person()
    token = sign_in.open_session(known)
    stored = db.session().scalar(select(LoginSession.token_hash))
    assert stored != token
    assert sign_in.person_of(str(stored)) is None
    sign_in.close_session(queries.actor(known.id), token)
    assert sign_in.person_of(token) is None


def test_moving_the_business_clock_signs_nobody_out(clock: MovableClock) -> None:
    token = sign_in.open_session(person())
    clock.advance(timedelta(days=400))
    assert sign_in.person_of(token) is not None


def test_a_session_ends_after_its_hours() -> None:
    known = person()
    token = sign_in.open_session(known)
    with db.unit_of_work() as session:
        row = session.scalars(select(LoginSession)).one()
        row.expires_at = row.created_at
    assert sign_in.person_of(token) is None
    sign_in.open_session(known)
    assert db.session().scalar(select(func.count(LoginSession.token_hash))) == 1


def test_what_happens_to_people_stands_in_a_whole_chain() -> None:
    known = person()
    sign_in.authenticate(known.login, PASSWORD)
    sign_in.close_session(Actor(known.id, known.name), sign_in.open_session(known))
    assert actions(f"person:{known.id}") == ["accounts.create_person", "accounts.login", "accounts.logout"]
    assert verify().ok


# --- at the same moment -----------------------------------------------------------------------------


def test_two_grants_at_the_same_moment_do_not_make_one_person_two_administrators() -> None:
    top, admin = city(), person()
    together = Barrier(2)

    def give(role: Role) -> bool:
        try:
            together.wait()
            services.grant(SYSTEM, admin.id, top.id, role)
        except Refusal:
            return False
        finally:
            db.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        given = list(pool.map(give, [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN]))
    db.close()
    assert sorted(given) == [False, True]
    assert len(queries.actor(admin.id).grants) == 1


def test_guesses_at_the_same_moment_are_all_counted() -> None:
    known = person()
    together = Barrier(rules.MAX_FAILURES)

    def guess(number: int) -> str:
        try:
            together.wait()
            sign_in.authenticate(known.login, f"wrong-password-{number}")
        except Refusal as refused:
            return refused.message
        finally:
            db.close()
        return ""

    with ThreadPoolExecutor(rules.MAX_FAILURES) as pool:
        said = set(pool.map(guess, range(rules.MAX_FAILURES)))
    db.close()
    assert said == {sign_in.WRONG}
    with pytest.raises(Refusal, match="锁定"):
        sign_in.authenticate(known.login, PASSWORD)
