"""What the regulation asks of a proposal and of its review, without a database."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.identity import Actor, Grant, Role
from app.policy.packs import Pack
from app.projects import rules
from app.projects.presenting import lay_out

STREET, COMMUNITY = 3, 4


def actor(role: Role, unit_id: int) -> Actor:
    return Actor(1, "某人", frozenset({Grant(role, unit_id)}))


def words(pack: Pack) -> dict[str, Any]:
    return {ground: pack.value(f"{ground}_words") for ground in rules.GROUNDS}


def found(pack: Pack, **line: str) -> list[tuple[str, bool]]:
    hits = rules.words_found([line], words(pack), pack.value("part_time_words"))
    return [(one.ref, one.stops) for one in hits]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"group": "other", "item": "归还借款"}, [("ZH-11-2", True)]),
        ({"group": "other", "item": "入股合作社"}, [("ZH-11-1", True)]),
        ({"group": "service", "item": "路灯维修"}, [("ZH-11-3", False)]),
        ({"group": "staff", "item": "工资", "job": "保洁员"}, [("ZH-11-4", True)]),
        ({"group": "staff", "item": "保洁员工资", "job": "后勤"}, [("ZH-11-4", True)]),
        ({"group": "staff", "item": "补贴", "job": "兼职保洁员"}, [("ZH-11-4", False)]),
        ({"group": "service", "item": "保洁员关爱活动"}, []),
        ({"group": "service", "item": "债务纠纷调解"}, []),
        ({"group": "service", "item": "社区公园微景观志愿营造"}, []),
    ],
)
def test_words_of_the_budget(pack: Pack, line: dict[str, str], expected: list[tuple[str, bool]]) -> None:
    assert found(pack, **line) == expected


def test_a_cleared_warning_has_its_reason(pack: Pack) -> None:
    hits = rules.words_found([{"item": "路灯"}], words(pack))
    assert not rules.warnings_answered(hits, "no", "  ")
    assert rules.warnings_answered(hits, "no", "不属于市政设施")
    assert rules.warnings_answered(hits, "stop", None)
    assert rules.warnings_answered([], "no", None)


def test_every_code_has_one_class_above_it(pack: Pack) -> None:
    codes = pack.codes("category")
    parents = {code: parent for code, _, parent in codes}
    assert [code for code, parent in parents.items() if not parent] == [
        "party",
        "basic",
        "special",
        "safety",
        "building",
    ]
    for code, parent in parents.items():
        if parent:
            assert rules.categories_allowed(parent, [code], codes) == []
            others = [one for one, above in parents.items() if not above and one != parent]
            assert all(rules.categories_allowed(one, [code], codes) for one in others)


@given(st.lists(st.integers(1, 100), min_size=1, max_size=6), st.integers(0, 100))
def test_weights_sum_to_a_hundred(weights: list[int], satisfaction: int) -> None:
    targets = [{"name": f"指标{n}", "unit": "次", "weight": one} for n, one in enumerate(weights)]
    targets.append({"name": "服务对象满意度", "unit": "%", "weight": satisfaction})
    refs = {one.ref for one in rules.targets_allowed(targets, 20)}
    assert ("ZH-25a" in refs) is (sum(weights) + satisfaction != 100)
    assert ("ZH-26a" in refs) is (satisfaction < 20)


@pytest.mark.parametrize(
    ("role", "unit_id", "origin", "allowed"),
    [
        (Role.COMMITTEE_MEMBER, COMMUNITY, "community", True),
        (Role.SECRETARY, COMMUNITY, "library", True),
        (Role.COMMITTEE_MEMBER, 9, "community", False),
        (Role.STREET_CLERK, STREET, "community", False),
        (Role.STREET_CLERK, STREET, "street_plan", True),
        (Role.STREET_CLERK, 9, "street_plan", False),
        (Role.SECRETARY, COMMUNITY, "street_plan", False),
    ],
)
def test_who_starts_and_writes_what(role: Role, unit_id: int, origin: str, allowed: bool) -> None:
    one = actor(role, unit_id)
    assert bool(rules.starter_allowed(one, origin, STREET, COMMUNITY)) is allowed
    assert bool(rules.writer_allowed(one, origin, STREET, COMMUNITY)) is allowed


def test_a_case_without_community_is_written_by_no_committee() -> None:
    assert not rules.writer_allowed(actor(Role.SECRETARY, COMMUNITY), "community", STREET, None)


@pytest.mark.parametrize(
    ("held_on", "met_on", "allowed"),
    [("2026-02-25", "2026-02-25", True), ("2026-02-24", "2026-02-25", False), ("2026-02-24", None, True)],
)
def test_vote_after_deliberation(held_on: str, met_on: str | None, allowed: bool) -> None:
    met = date.fromisoformat(met_on) if met_on else None
    assert bool(rules.vote_day_allowed(date.fromisoformat(held_on), met)) is allowed


@pytest.mark.parametrize(
    ("person", "approved", "allowed"),
    [(1, False, True), (2, False, False), (1, True, False), (None, False, False)],
)
def test_who_may_withdraw(person: int | None, approved: bool, allowed: bool) -> None:
    assert bool(rules.withdraw_allowed(person, (1, None), approved)) is allowed


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 100)), max_size=5, unique_by=lambda one: one[0]),
       st.integers(1, 300))  # fmt: skip
def test_a_budget_is_laid_out_to_the_fen_or_not_at_all(free: list[tuple[int, int]], budget: int) -> None:
    lines = lay_out(free, budget)
    if sum(amount for _, amount in free) < budget:
        assert lines == []
        return
    assert sum(line["amount"] for line in lines) == budget
    assert all(0 < line["amount"] <= dict(free)[line["pot_id"]] for line in lines)
    if any(amount >= budget for _, amount in free):
        assert len(lines) == 1
