"""Rules of notices: periods, objections, answers, ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Decision
from app.notices import rules
from app.notices.models import KINDS, OBJECTION_KINDS

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=7)


def refused(decisions: list[Decision]) -> list[str | None]:
    return [decision.field for decision in decisions if not decision]


def say(**changes: object) -> list[Decision]:
    given_: dict[str, object] = {
        "notice_kind": "project",
        "kind": "objection",
        "text": "预算过高",
        "contact": "",
        "now": NOW,
        "until_at": LATER,
        "ended": False,
    }
    return rules.objection_allowed(**{**given_, **changes})  # type: ignore[arg-type]


def test_every_kind_of_notice_says_how_to_reply() -> None:
    assert set(rules.REPLIES) == set(KINDS)
    assert {kind for kinds in rules.REPLIES.values() for kind in kinds} == set(OBJECTION_KINDS)


def test_an_objection_in_time_with_a_text_is_taken() -> None:
    assert refused(say()) == []
    assert refused(say(now=LATER)) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": "  \n "}, "text"),
        ({"text": "字" * (rules.LONGEST + 1)}, "text"),
        ({"kind": "challenge", "contact": "有"}, "kind"),
        ({"notice_kind": "award", "kind": "objection"}, "kind"),
        ({"notice_kind": "award", "kind": "challenge"}, "contact"),
        ({"now": LATER + timedelta(seconds=1)}, None),
        ({"ended": True}, None),
    ],
)
def test_what_is_late_empty_or_of_the_wrong_kind_is_refused(
    changes: dict[str, object], field: str | None
) -> None:
    assert refused(say(**changes)) == [field]


def test_all_faults_are_told_at_once() -> None:
    assert len(say(text="", kind="challenge")) == 3


def test_a_notice_closes_only_after_its_whole_period() -> None:
    def close(now: datetime, waiting: int = 0, ended: bool = False) -> bool:
        return not rules.close_allowed(now=now, until_at=LATER, ended=ended, waiting=waiting)

    assert not close(LATER - timedelta(seconds=1))
    assert close(LATER)
    assert not close(LATER + timedelta(seconds=1), waiting=1)
    assert not close(LATER + timedelta(days=1), ended=True)


@pytest.mark.parametrize(
    ("result", "upheld", "opinion", "fields"),
    [
        ("confirmed", [], "", []),
        ("confirmed", [False, False], "", []),
        ("confirmed", [False, True], "", ["decision"]),
        ("amend", [True], "", ["opinion"]),
        ("amend", [True], "调低预算", []),
        ("stop", [], "情况变化", []),
    ],
)
def test_a_result_fits_the_answers(result: str, upheld: list[bool], opinion: str, fields: list[str]) -> None:
    assert refused(rules.result_allowed(result, upheld, opinion)) == fields


def test_a_period_is_no_shorter_than_the_pack_says() -> None:
    assert rules.days_allowed(5, 5)
    assert rules.days_allowed(1, None)
    assert not rules.days_allowed(4, 5)


def test_the_limit_is_the_last_allowed_number() -> None:
    assert rules.rate_allowed(4, 5)
    assert not rules.rate_allowed(5, 5)


def test_an_answer_is_given_once_and_says_something() -> None:
    assert rules.answer_allowed("open", "已核实")
    assert not rules.answer_allowed("open", " ")
    assert not rules.answer_allowed("answered", "再答一次")


def test_a_source_is_the_same_for_one_address_and_reveals_nothing() -> None:
    first = rules.source_of("key", "192.0.2.7")
    assert first == rules.source_of("key", "192.0.2.7")
    assert first != rules.source_of("key", "192.0.2.8")
    assert first != rules.source_of("other", "192.0.2.7")
    assert "192" not in first


texts = st.text(max_size=20)


@given(st.dictionaries(texts, texts, max_size=5), texts)
def test_a_fingerprint_depends_on_content_not_on_order(content: dict[str, str], extra: str) -> None:
    turned = dict(reversed(list(content.items())))
    assert rules.fingerprint(content) == rules.fingerprint(turned)
    assert rules.fingerprint({"a": content}) != rules.fingerprint({"a": content, "b": extra})
