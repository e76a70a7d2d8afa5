"""The index is written with what it describes, and shows nobody more than the thing itself does."""

from __future__ import annotations

import io
import itertools
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, func, select
from stdnum.cn import uscc

from app.accounts import services as accounts
from app.accounts.models import Person
from app.core import db
from app.core.db import session, unit_of_work
from app.core.identity import SYSTEM, Actor, Role
from app.documents import pdf
from app.files import services as files
from app.needs import services as needs
from app.organisations import services as organisations
from app.projects.models import SENSITIVE, Project
from app.projects.queries import papers_open_to
from app.projects.rules import papers_open
from app.runtime.models import Case
from app.runtime.queries import cases, visible_cases
from app.search import indexing, papers, queries
from app.search.models import PaperText, SearchEntry
from app.search.queries import PAGE, cases_holding, search, suggest
from app.search.sources import register_sources
from tests.factories.cases import make_case
from tests.factories.people import actor_of, make_person, make_units


@pytest.fixture
def office(database: Engine) -> SimpleNamespace:
    """Two streets with a case each, a provider, a paper with words."""
    del database
    register_sources()
    units = make_units()
    clerk = actor_of(make_person("欧阳经办", Role.STREET_CLERK, units.street))
    other = actor_of(make_person("外街经办", Role.STREET_CLERK, units.other_street))
    district = actor_of(make_person("区里的人", Role.DISTRICT_OFFICER, units.district))
    neighbour = actor_of(make_person("邻居", Role.RESIDENT_REPRESENTATIVE, units.community))
    organisation = organisations.register_organisation(
        district, kind="social_service", name="珠海市晨曦社会工作服务中心", city="440400",
        uscc="52440400MJ0000001" + uscc.calc_check_digit("52440400MJ0000001"),
    )  # fmt: skip
    provider_unit = organisation.unit_id
    provider = accounts_member(provider_unit)
    case = make_case(units, title="居家养老助餐服务", no="XM2026-0402007-0012")
    elsewhere = make_case(
        units, title="前山养老驿站", street_id=units.other_street.id, community_id=units.other_community.id,
        started_by=other.person_id,
    )  # fmt: skip
    project(case)
    project(elsewhere)
    db.close()
    return SimpleNamespace(
        units=units, clerk=clerk, other=other, district=district, neighbour=neighbour,
        provider_unit=provider_unit, provider=provider, case=case, elsewhere=elsewhere,
    )  # fmt: skip


def accounts_member(unit_id: int) -> Actor:
    person, _ = accounts.create_person(SYSTEM, login="zuzhi", name="晨曦社工", must_change=False)
    accounts.grant(SYSTEM, person.id, unit_id, Role.ORGANISATION_MEMBER)
    return actor_of(person)


def project(case: Case, **kw: object) -> None:
    with unit_of_work() as store:
        store.add(
            Project(
                **{
                    "city": case.city, "case_id": case.id, "origin": "community", "title": case.title,
                    "category": "basic", "subcategories": [], "budget_lines": [], "targets": [],
                    "wanted_sources": [], "exclusion_self": {}, "file_ids": [], "summary": "为独居老人送餐上门", **kw,
                }
            )
        )  # fmt: skip


def paper(office: SimpleNamespace, name: str = "服务协议.txt", text: str | bytes = "每周探访两次") -> int:
    data = text if isinstance(text, bytes) else text.encode()
    with unit_of_work():
        made = files.store(office.clerk, name, io.BytesIO(data))
        files.attach([made.id], office.case.id, office.clerk)
    while papers.read_waiting():
        db.close()
    return made.id


def names(actor: Actor, typed: str, **kw: object) -> list[str]:
    db.close()
    return [hit.name for hit in search(actor, typed, **kw).hits]  # type: ignore[arg-type]


def test_a_case_is_found_by_its_words_numbers_initials_and_people(office: SimpleNamespace) -> None:
    with unit_of_work() as store:
        store.get_one(Case, office.case.id).owner_id = office.clerk.person_id
    number = "XM2026-0402007-0012"
    for typed in ("养老", "居家养老", "送餐", number, "0012", "12", "jjyl", "欧阳经办", "教育社区"):
        assert "居家养老助餐服务" in names(office.clerk, typed), typed
    assert "居家养老助餐服务" not in names(office.clerk, "养狗")


def test_lists_are_told_the_few_cases_that_can_match(
    office: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for typed in (
        "居家",
        "养老助餐",
        "2026-0402007",
        "XM2026-0402007-0012",
        "0012",
        "jjyl",
        "教育社区居民委员会",
    ):
        few = cases_holding(typed)
        known = few is None or office.case.id in few
        assert known, typed  # None: the list is walked instead
        assert [one.id for one in cases(office.clerk, text=typed, among=few)] == [office.case.id], typed
    assert cases_holding("养狗") == []
    assert cases_holding("zzzz") is None
    assert cases_holding("%") is None
    monkeypatch.setattr(queries, "FEW", 1)
    assert cases_holding("养老") is None  # both cases: too many to be named


def test_what_is_more_than_anybody_reads_is_not_counted(
    office: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        project(make_case(office.units, title=f"广场舞{number}", no=f"G-{number}"))
    monkeypatch.setattr(queries, "WINDOW", 3)
    found = search(office.clerk, "广场舞")
    assert (found.total, found.over, found.counts) == (3, True, {"case": 3})
    assert [hit.name for hit in found.hits] == ["广场舞3", "广场舞2", "广场舞1"]
    assert not search(office.clerk, "助餐").over


def test_searching_for_elderly_care_finds_the_service(office: SimpleNamespace) -> None:
    assert names(office.clerk, "养老", kind="case") == ["居家养老助餐服务"]


def test_organisations_notices_and_people(office: SimpleNamespace) -> None:
    for typed in ("晨曦", "cxshgz", "5244"):
        assert names(office.other, typed, kind="organisation") == ["珠海市晨曦社会工作服务中心"]
    assert names(office.clerk, "欧阳", kind="person") == ["欧阳经办"]
    assert names(office.clerk, "oyjb", kind="person") == ["欧阳经办"]
    hit = search(office.clerk, "欧阳", kind="person").hits[0]
    assert "".join(text for text, _ in hit.note) == "狮山街道 街道经办"
    assert names(office.other, "欧阳") == []  # nobody of another street


@pytest.mark.requirement("ZH-24a", "reject")
def test_neither_hits_nor_counts_nor_suggestions_tell_of_another_street(office: SimpleNamespace) -> None:
    paper(office)
    for asked in (search, suggest):
        own, far = asked(office.clerk, "养老"), asked(office.other, "养老")
        assert [hit.name for hit in own.hits if hit.kind == "case"] == ["居家养老助餐服务"]
        assert [hit.name for hit in far.hits if hit.kind == "case"] == ["前山养老驿站"]
        assert (own.counts["case"], far.counts["case"]) == (1, 1)
        assert asked(office.other, "探访").counts == {}
        assert asked(office.other, "协议").total == 0
        assert asked(office.provider, "养老").counts == {}  # not the provider of anything yet
    assert search(office.district, "养老").counts["case"] == 2


def test_papers_are_found_by_name_and_words_by_those_who_may_open_them(office: SimpleNamespace) -> None:
    paper(office)
    for typed in ("服务协议", "探访", "fwxy"):
        assert names(office.clerk, typed, kind="paper") == ["服务协议.txt"]
    quote = search(office.clerk, "探访", kind="paper").hits[0].quote
    assert ("探访", True) in quote
    assert names(office.neighbour, "探访", kind="paper") == ["服务协议.txt"]
    with unit_of_work() as store:
        store.scalars(select(Project).where(Project.case_id == office.case.id)).one().category = "safety"
    assert names(office.neighbour, "探访", kind="paper") == []
    assert names(office.clerk, "探访", kind="paper") == ["服务协议.txt"]


def test_the_words_of_a_pdf_are_found_once_the_worker_has_read_it(office: SimpleNamespace) -> None:
    body = "<body style='font-family: Noto Sans CJK SC'>为独居老人安装燃气报警器</body>"
    with unit_of_work():
        made = files.store(office.clerk, "实施方案.pdf", io.BytesIO(pdf.render(body)))
        files.attach([made.id], office.case.id, office.clerk)
    assert names(office.clerk, "实施方案", kind="paper") == ["实施方案.pdf"]  # by its name at once
    assert names(office.clerk, "报警器") == []
    assert papers.read_waiting() == 1
    assert names(office.clerk, "报警器", kind="paper") == ["实施方案.pdf"]
    assert papers.read_waiting() == 0
    for asked in (search, suggest):
        assert asked(office.clerk, "报警器").counts == {"paper": 1}
        assert asked(office.other, "报警器").counts == {}
        assert asked(office.provider, "报警器").total == 0
    indexing.rebuild()
    assert names(office.clerk, "报警器", kind="paper") == ["实施方案.pdf"]  # it is not read again for that
    assert papers.read_waiting() == 0


def test_a_paper_handed_in_twice_is_read_once_and_a_hostile_one_never_again(
    office: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    paper(office)
    paper(office, "服务协议（副本）.txt")
    assert names(office.clerk, "探访", kind="paper") == ["服务协议（副本）.txt", "服务协议.txt"]
    paper(office, "坏.pdf", b"%PDF-1.7\n" + b"<<" * 5000)
    assert "文件损坏" in caplog.text
    assert names(office.clerk, "坏", kind="paper") == ["坏.pdf"]
    rows = session().execute(select(PaperText.refused, func.count()).group_by(PaperText.refused))
    assert sorted((reason or "", count) for reason, count in rows) == [("", 1), ("文件损坏", 1)]
    caplog.clear()
    assert papers.read_waiting() == 0
    assert caplog.text == ""


def test_needs_are_found_by_those_who_look_after_the_place(office: SimpleNamespace) -> None:
    needs.collect(
        SYSTEM, unit_id=office.units.community.id, channel="meeting", beneficiaries="老年人",
        text="希望有人上门探望独居老人",
    )  # fmt: skip
    for actor in (office.clerk, office.neighbour, office.district):
        for typed in ("独居老人", "老年人", "议事会", "xwyrsm"):
            assert names(actor, typed, kind="need") == ["希望有人上门探望独居老人"], typed
        assert suggest(actor, "探望").counts == {"need": 1}
    for stranger in (office.other, office.provider):
        assert search(stranger, "探望").counts == {}
        assert suggest(stranger, "探望").total == 0


def test_the_provider_finds_its_case_but_no_inside_paper(office: SimpleNamespace) -> None:
    paper(office)
    with unit_of_work() as store:
        store.get_one(Case, office.case.id).provider_id = office.provider_unit
    assert names(office.provider, "养老", kind="case") == ["居家养老助餐服务"]
    assert names(office.clerk, "晨曦", kind="case") == ["居家养老助餐服务"]  # indexed anew with its provider
    assert names(office.provider, "探访", kind="paper") == []


def test_a_loose_upload_is_nobody_elses(office: SimpleNamespace) -> None:
    with unit_of_work():
        files.store(office.clerk, "草稿.txt", io.BytesIO("草稿".encode()))
    assert names(office.clerk, "草稿") == []
    assert session().scalar(select(func.count()).where(SearchEntry.kind == "paper")) == 0


def test_what_is_rolled_back_is_not_found_and_what_changes_is_found_anew(office: SimpleNamespace) -> None:
    with pytest.raises(RuntimeError), unit_of_work() as store:
        store.get_one(Case, office.case.id).title = "撤销的名称"
        store.flush()
        raise RuntimeError
    assert names(office.clerk, "撤销的名称") == []
    with unit_of_work() as store:
        store.get_one(Case, office.case.id).title = "长者食堂"
    assert names(office.clerk, "食堂", kind="case") == ["长者食堂"]
    assert names(office.clerk, "助餐", kind="case") == []


def test_a_step_that_changes_nothing_searched_writes_no_entry(office: SimpleNamespace) -> None:
    number = session().scalar(
        select(SearchEntry.id).where(SearchEntry.ref_id == office.case.id, SearchEntry.kind == "case")
    )
    with unit_of_work() as store:
        store.get_one(Case, office.case.id).stage = "review"
    again = session().scalar(
        select(SearchEntry.id).where(SearchEntry.ref_id == office.case.id, SearchEntry.kind == "case")
    )
    assert number == again


def test_people_who_left_are_not_found(office: SimpleNamespace) -> None:
    with unit_of_work() as store:
        store.get_one(Person, office.neighbour.person_id).active = False
    assert names(office.clerk, "邻居") == []


def test_rebuilding_brings_back_what_is_there_and_drops_what_is_not(office: SimpleNamespace) -> None:
    paper(office)
    before = search(office.district, "养老").counts
    with unit_of_work() as store:
        for entry in store.scalars(select(SearchEntry).where(SearchEntry.kind == "case")):
            entry.grams, entry.ref_id = "nonsense", entry.ref_id + 1000
            entry.case_id = None
    assert search(office.district, "养老").counts.get("case") is None
    counts = indexing.rebuild()
    assert counts["case"] == 2
    assert counts["paper"] == 1
    assert search(office.district, "养老").counts == before
    assert session().scalar(select(func.count()).where(SearchEntry.kind == "case")) == 2


def test_names_come_first_and_pages_follow_one_another(office: SimpleNamespace) -> None:
    for number in range(PAGE + 5):
        project(make_case(office.units, title=f"文体活动{number}", no=f"W-{number}"), summary="含养老内容")
    first = search(office.clerk, "养老", kind="case")
    assert first.hits[0].name == "居家养老助餐服务"
    assert (first.total, len(first.hits), first.more) == (PAGE + 6, PAGE, True)
    second = search(office.clerk, "养老", kind="case", page=2)
    assert (len(second.hits), second.more) == (6, False)
    assert not {hit.url for hit in first.hits} & {hit.url for hit in second.hits}
    assert len(suggest(office.clerk, "养老").hits) == 8


def test_no_typed_text_breaks_the_question(office: SimpleNamespace) -> None:
    for typed in ('"', "a' OR 1=1 --", "养老*", "NEAR(a b)", "养老) OR (a", ":*", "\\", "%"):
        assert search(office.other, typed).counts.get("case", 0) <= 1, typed


def test_the_condition_on_papers_says_what_the_rule_says(office: SimpleNamespace) -> None:
    people = [
        actor_of(make_person(f"人{number}", role, unit))
        for number, (role, unit) in enumerate(
            itertools.product(
                (Role.STREET_CLERK, Role.STREET_LEADER, Role.STREET_REVIEWER), (office.units.street,)
            )
        )
    ]
    people += [actor_of(make_person("委员", Role.COMMITTEE_MEMBER, office.units.community))]
    people += [office.neighbour, office.district, office.other]
    row = session().scalars(select(Project).where(Project.case_id == office.case.id)).one()
    units = (office.case.street_id, office.case.community_id, None, None)
    for category, minors in itertools.product(("basic", None, *SENSITIVE), (False, True)):
        with unit_of_work() as store:
            changed = store.get_one(Project, row.id)
            changed.category, changed.minors = category, minors
        for one in people:
            by_rule = bool(
                session().scalar(select(Case.id).where(Case.id == office.case.id, visible_cases(one)))
            ) and (papers_open(one, units, minors or category in SENSITIVE, category))
            by_condition = session().scalar(
                select(Case.id).where(Case.id == office.case.id, papers_open_to(one))
            )
            assert bool(by_condition) == by_rule, (one.name, category, minors)
