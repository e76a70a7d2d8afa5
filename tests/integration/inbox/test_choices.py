"""The desk as one likes it: look, phrases, filters; each person's own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.core import db
from app.core.errors import NotFound, Refusal
from app.core.identity import Actor
from app.inbox import queries, services


@pytest.fixture
def clerk(office: SimpleNamespace) -> Actor:
    found: Actor = office.clerks[0]
    return found


def texts(actor: Actor) -> list[str]:
    db.close()
    return [one.text for one in queries.phrases_of(actor)]


def test_the_look_of_the_list_is_remembered_for_each_person(clerk: Actor, office: SimpleNamespace) -> None:
    assert queries.view_of(clerk) == "cards"
    services.choose_view(clerk, "table")
    services.choose_view(clerk, "table")
    db.close()
    assert queries.view_of(clerk) == "table"
    assert queries.view_of(office.leader) == "cards"
    services.choose_view(clerk, "cards")
    db.close()
    assert queries.view_of(clerk) == "cards"
    with pytest.raises(Refusal):
        services.choose_view(clerk, "heap")


def test_phrases_are_kept_once_moved_and_dropped(clerk: Actor) -> None:
    for text in ("同意。", "材料齐全，同意。", "  请补充  材料。 ", "同意。"):
        services.add_phrase(clerk, text)
    assert texts(clerk) == ["同意。", "材料齐全，同意。", "请补充 材料。"]
    last = queries.phrases_of(clerk)[-1]
    services.move_phrase(clerk, last.id, up=True)
    assert texts(clerk) == ["同意。", "请补充 材料。", "材料齐全，同意。"]
    services.move_phrase(clerk, queries.phrases_of(clerk)[0].id, up=True)
    services.move_phrase(clerk, queries.phrases_of(clerk)[0].id, up=False)
    assert texts(clerk) == ["请补充 材料。", "同意。", "材料齐全，同意。"]
    services.drop_phrase(clerk, last.id)
    assert texts(clerk) == ["同意。", "材料齐全，同意。"]


def test_phrases_are_ones_own(clerk: Actor, office: SimpleNamespace) -> None:
    made = services.add_phrase(clerk, "同意。")
    for act in (services.drop_phrase, lambda who, which: services.move_phrase(who, which, up=True)):
        with pytest.raises(NotFound):
            act(office.leader, made.id)
    assert texts(office.leader) == []


@pytest.mark.parametrize("text", ["", "   ", "长" * 201])
def test_a_phrase_says_something_and_ends(clerk: Actor, text: str) -> None:
    with pytest.raises(Refusal):
        services.add_phrase(clerk, text)


def test_there_is_an_end_to_phrases_and_filters(clerk: Actor) -> None:
    for number in range(services.MOST_PHRASES):
        services.add_phrase(clerk, f"意见{number}")
    with pytest.raises(Refusal, match="最多保存"):
        services.add_phrase(clerk, "再一条")
    for number in range(services.MOST_FILTERS):
        services.save_filter(clerk, "desk", f"筛选{number}", "due=soon")
    with pytest.raises(Refusal, match="最多保存"):
        services.save_filter(clerk, "desk", "再一个", "due=soon")


def test_filters_are_saved_replaced_and_dropped(clerk: Actor, office: SimpleNamespace) -> None:
    services.save_filter(clerk, "desk", "急的", "due=soon")
    services.save_filter(clerk, "desk", " 急的 ", "due=overdue")
    services.save_filter(clerk, "cases", "急的", "status=running")
    db.close()
    found = queries.filters_of(clerk, "desk")
    assert [(one.name, one.query) for one in found] == [("急的", "due=overdue")]
    with pytest.raises(NotFound):
        services.drop_filter(office.leader, found[0].id)
    assert services.drop_filter(clerk, found[0].id) == "desk"
    db.close()
    assert queries.filters_of(clerk, "desk") == []
    assert len(queries.filters_of(clerk, "cases")) == 1
    for name, query in (("", "due=soon"), ("名", ""), ("名" * 31, "due=soon"), ("名", "q=" + "x" * 400)):
        with pytest.raises(Refusal):
            services.save_filter(clerk, "desk", name, query)
