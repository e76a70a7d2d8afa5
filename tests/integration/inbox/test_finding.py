"""Finding one's work, and seeing who has it and since when."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.core import clock as time
from app.core import db
from app.core.db import unit_of_work
from app.core.identity import Actor
from app.core.pinyin import initials, looks_like_initials
from app.runtime import acts, services
from app.runtime.desk_queries import desk, desk_total, done_by
from app.runtime.holders import holdings
from app.runtime.models import Case
from app.runtime.queries import cases
from tests.factories.bpmn import Diagram
from tests.factories.evaluation import register
from tests.integration.runtime.conftest import opened

CLERK, LEADER = "街道经办", "街道领导"


def line(signing: str = "one") -> Diagram:
    made = Diagram("line", "两步", lanes=[CLERK, LEADER])
    made.start("start", lane=CLERK)
    made.user("check", "核稿", CLERK, 1, form="act", props={"signing": signing})
    made.user("decide", "签发", LEADER, 2, form="act")
    made.end("end", lane=LEADER, col=3)
    for pair in (("start", "check"), ("check", "decide"), ("decide", "end")):
        made.flow(*pair)
    return made


def named(case: Case, title: str, **more: Any) -> Case:
    with unit_of_work() as session:
        found = session.get_one(Case, case.id)
        found.title = title
        for name, value in more.items():
            setattr(found, name, value)
    return case


def found_by(actor: Actor, text: str) -> tuple[list[str], list[str]]:
    db.close()
    return [item.case.title for item in desk(actor, text=text)], [
        one.title for one in cases(actor, text=text)
    ]


@pytest.mark.parametrize(
    ("text", "letters"),
    [("教育社区长者助餐", "jysqzzzc"), ("银行重庆", "yhcq"), ("3号楼A座（二期）", "3hlazeq"), ("", "")],
)
def test_initials_follow_the_reading_of_the_word(text: str, letters: str) -> None:
    assert initials(text) == letters


def test_letters_mean_initials_and_numbers_do_not() -> None:
    assert looks_like_initials("jysq")
    assert not looks_like_initials("2026")
    assert not looks_like_initials("教育")
    assert not looks_like_initials("j y")


def test_a_case_is_found_by_name_number_unit_provider_and_initials(
    office: SimpleNamespace, begin: Any
) -> None:
    provider = register("康乐社会工作服务中心").unit_id
    wanted = named(begin(line()), "教育社区长者助餐", provider_id=provider)
    named(begin(line()), "福石社区儿童托管")
    clerk = office.clerks[0]
    for text in ("长者", wanted.no[-4:], "jysqzz", "ZZZC", "康乐", "核稿"):
        on_desk, in_cases = found_by(clerk, text)
        assert "教育社区长者助餐" in on_desk, text
        assert text == "核稿" or "教育社区长者助餐" in in_cases, text
    assert found_by(clerk, "zzzc")[0] == ["教育社区长者助餐"]
    assert found_by(clerk, "康乐")[1] == ["教育社区长者助餐"]
    assert found_by(clerk, "%") == ([], [])
    assert found_by(office.other, "长者") == ([], [])


def test_who_has_it_and_since_when(office: SimpleNamespace, begin: Any, clock: time.MovableClock) -> None:
    case = begin(line())
    began = clock.now()
    task = opened(case, "check")
    assert holdings([task])[task.id].who == "街道经办 3 人"
    assert holdings([task])[task.id].since == began
    clock.set(began + timedelta(days=2))
    services.claim(office.clerks[1], task.id)
    held = holdings([opened(case, "check")])[task.id]
    assert (held.who, held.claimed, held.since) == ("经办2", True, began + timedelta(days=2))
    acts.transfer(office.clerks[1], task.id, office.clerks[2].person_id or 0, "")
    assert holdings([opened(case, "check")])[task.id].who == "经办3"
    services.complete_task(office.clerks[2], task.id, {"decision": "agree"})
    decide = opened(case, "decide")
    assert holdings([decide])[decide.id].who == "领导"


def test_of_a_step_that_several_sign_those_who_have_not_are_named(
    office: SimpleNamespace, begin: Any
) -> None:
    case = begin(line("all"))
    task = opened(case, "check")
    assert holdings([task])[task.id].who == "街道经办 3 人"
    services.complete_task(office.clerks[0], task.id, {"decision": "agree"})
    assert holdings([opened(case, "check")])[task.id].who == "经办2、经办3"


def test_what_was_done_last_comes_first_page_by_page(
    office: SimpleNamespace, begin: Any, clock: time.MovableClock
) -> None:
    clerk = office.clerks[0]
    made = [begin(line()) for _ in range(3)]
    for case in (made[1], made[2], made[0]):
        clock.set(clock.now() + timedelta(hours=1))
        services.complete_task(clerk, opened(case, "check").id, {"decision": "agree"})
    db.close()
    seen, before = [], None
    for _ in range(4):
        for item in done_by(clerk, before=before, limit=1):
            seen.append(item.case.id)
            before = (item.task.done_at, item.task.id)
    assert seen == [made[0].id, made[2].id, made[1].id]
    assert desk_total(clerk) == 0
    assert desk_total(office.leader) == 3
