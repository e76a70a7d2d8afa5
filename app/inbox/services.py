"""How a person likes to work: the look of the list, stock phrases, saved filters. Each one's own affair."""

from __future__ import annotations

from sqlalchemy import delete, select

from app.core.db import unit_of_work
from app.core.errors import Fault, NotFound, Refusal
from app.core.identity import Actor
from app.inbox.models import LONGEST_NAME, LONGEST_PHRASE, LONGEST_QUERY, DeskChoice, SavedFilter, StockPhrase
from app.inbox.queries import filters_of, phrases_of

VIEWS = {"cards": "卡片", "table": "表格"}
MOST_PHRASES = 40
MOST_FILTERS = 12


def choose_view(actor: Actor, view: str) -> None:
    """Remember how the person's to-do list looks (选择列表样式)."""
    if view not in VIEWS:
        raise Refusal("请选择卡片或表格。", field="view")
    with unit_of_work() as db:
        known = db.get(DeskChoice, actor.person_id, with_for_update=True)
        if known is None:
            db.add(DeskChoice(person_id=_person(actor), view=view))
        else:
            known.view = view


def add_phrase(actor: Actor, text: str) -> StockPhrase:
    """Keep a sentence for later use (存为常用意见); one that is kept already stays as it is.

    Raises:
        Refusal: nothing to keep, too long, or too many.
    """
    text = " ".join(text.split())
    if not text:
        raise Refusal("请填写要保存的意见。", field="text")
    if len(text) > LONGEST_PHRASE:
        raise Refusal(f"常用意见最多 {LONGEST_PHRASE} 个字，现在 {len(text)} 个字。", field="text")
    with unit_of_work() as db:
        known = phrases_of(actor)
        for one in known:
            if one.text == text:
                return one
        if len(known) >= MOST_PHRASES:
            raise Refusal(f"最多保存 {MOST_PHRASES} 条常用意见，请先删除不用的。", field="text")
        place = known[-1].place + 1 if known else 1
        made = StockPhrase(person_id=_person(actor), place=place, text=text)
        db.add(made)
        db.flush()
        return made


def move_phrase(actor: Actor, phrase_id: int, up: bool) -> None:
    """Let a phrase change places with its neighbour (调整次序)."""
    with unit_of_work():
        known = phrases_of(actor)
        at = next((number for number, one in enumerate(known) if one.id == phrase_id), None)
        if at is None:
            raise NotFound
        other = at - 1 if up else at + 1
        if 0 <= other < len(known):
            known[at], known[other] = known[other], known[at]
        for place, one in enumerate(known, start=1):
            one.place = place


def drop_phrase(actor: Actor, phrase_id: int) -> None:
    """Forget a phrase (删除常用意见)."""
    with unit_of_work() as db:
        own = (StockPhrase.id == phrase_id, StockPhrase.person_id == actor.person_id)
        if db.scalar(select(StockPhrase.id).where(*own)) is None:
            raise NotFound
        db.execute(delete(StockPhrase).where(*own))


def save_filter(actor: Actor, page: str, name: str, query: str) -> None:
    """Keep a choice of a list under a name (保存筛选); the same name again replaces it.

    Raises:
        Refusal: no name, nothing chosen, or too many.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Refusal(f"请给这个筛选起个名字（不超过 {LONGEST_NAME} 个字）。", field="name")
    if not query:
        raise Refusal("请先选择筛选条件，再保存。", field="name")
    if len(query) > LONGEST_QUERY:
        raise Refusal("查找的文字太长，请缩短后再保存。", field="name")
    with unit_of_work() as db:
        known = {one.name: one for one in filters_of(actor, page)}
        if name in known:
            known[name].query = query
            return
        if len(known) >= MOST_FILTERS:
            raise Refusal(f"最多保存 {MOST_FILTERS} 个筛选，请先删除不用的。", field="name")
        db.add(SavedFilter(person_id=_person(actor), page=page, name=name, query=query))


def drop_filter(actor: Actor, filter_id: int) -> str:
    """Forget a saved filter (删除筛选); answers the list it belonged to."""
    with unit_of_work() as db:
        own = (SavedFilter.id == filter_id, SavedFilter.person_id == actor.person_id)
        page = db.scalar(select(SavedFilter.page).where(*own))
        if page is None:
            raise NotFound
        db.execute(delete(SavedFilter).where(*own))
        return page


def _person(actor: Actor) -> int:
    if actor.person_id is None:
        raise Fault("这是个人的设置，需要登录")
    return actor.person_id
