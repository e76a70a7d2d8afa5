"""Reads of help."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from sqlalchemy import func, select

from app.core.db import session
from app.help.models import StepGuide, TourSeen

TEXTS = Path(__file__).with_name("texts.yaml")


@dataclass(frozen=True, slots=True)
class PageHelp:
    """The short help of a page."""

    key: str
    title: str
    text: tuple[str, ...]


@cache
def texts() -> dict[str, PageHelp]:
    """All short helps by endpoint or room."""
    raw = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    return {key: PageHelp(key, one["title"], tuple(one["text"])) for key, one in raw.items()}


def help_of(endpoint: str | None) -> PageHelp | None:
    """The help of a page, or that of its room."""
    known = texts()
    return known.get(endpoint or "") or known.get(f"{(endpoint or '').partition('.')[0]}.*")


def guide(unit_id: int | None, form_key: str | None) -> StepGuide | None:
    """What an office says of a step now; None when it says nothing."""
    query = select(StepGuide).where(StepGuide.unit_id == unit_id, StepGuide.form_key == form_key)
    found = session().scalar(query.order_by(StepGuide.no.desc()).limit(1))
    return found if found is not None and found.text else None


def versions(unit_id: int, form_key: str) -> list[StepGuide]:
    """All that an office has said of a step, newest first."""
    query = select(StepGuide).where(StepGuide.unit_id == unit_id, StepGuide.form_key == form_key)
    return list(session().scalars(query.order_by(StepGuide.no.desc())))


def guided(unit_id: int) -> set[str]:
    """Forms of which an office says something."""
    newest = (
        select(StepGuide.form_key, func.max(StepGuide.no).label("no"))
        .where(StepGuide.unit_id == unit_id)
        .group_by(StepGuide.form_key)
        .subquery()
    )
    query = (
        select(StepGuide.form_key)
        .join(newest, (newest.c.form_key == StepGuide.form_key) & (newest.c.no == StepGuide.no))
        .where(StepGuide.unit_id == unit_id, StepGuide.text != "")
    )
    return set(session().scalars(query))


def seen(person_id: int) -> bool:
    """Whether somebody has been shown around."""
    return session().get(TourSeen, person_id) is not None
