"""Publish lists, consent to library entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.audit.services import record
from app.catalogue.models import LibraryEntry, ListItem, ProjectList
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Forbidden, Refusal
from app.core.identity import Actor, Role


def save_list(actor: Actor, district_id: int, year: int, items: Sequence[Mapping[str, Any]]) -> ProjectList:
    """Keep a new version of a district's yearly list, not yet active (编制项目清单; ZH-07a).

    Args:
        items: code, category, name, unit, reference_price (fen or None).
    """
    _require_district(actor, district_id)
    with unit_of_work() as db:
        if not items:
            raise Refusal("清单里至少要有一个项目。", rule="ZH-07a")
        last = db.scalar(
            select(func.max(ProjectList.no)).where(
                ProjectList.district_id == district_id, ProjectList.year == year
            )
        )
        made = ProjectList(district_id=district_id, year=year, no=(last or 0) + 1, active=False, late=False)
        db.add(made)
        db.flush()
        db.add_all(ListItem(list_id=made.id, **item) for item in items)
        db.flush()
        record(
            f"project_list:{made.id}",
            "catalogue.save_list",
            actor=actor,
            subject=f"{district_id}/{year} v{made.no}",
            after={"items": len(items)},
        )
        return made


def publish_list(actor: Actor, list_id: int, *, replace: bool = False) -> ProjectList:
    """Make a list the active one of its district and year (公布项目清单; ZH-07a, ZH-07b).

    Args:
        replace: withdraw the active list of the same year; without it a second one is refused.

    Raises:
        Refusal: another list of the year is active.
    """
    with unit_of_work() as db:
        found = db.get_one(ProjectList, list_id, with_for_update=True)
        _require_district(actor, found.district_id)
        other = db.scalar(
            select(ProjectList).where(
                ProjectList.district_id == found.district_id,
                ProjectList.year == found.year,
                ProjectList.active,
                ProjectList.id != found.id,
            )
        )
        if other is not None:
            if not replace:
                raise Refusal(f"{found.year} 年已有生效的清单，请先确认以新清单替换。", rule="ZH-07a")
            other.active = False
            db.flush()
        today = clock.today()
        found.active, found.published_on = True, today
        found.late = today > date(found.year, 3, 31)
        db.flush()
        record(f"project_list:{found.id}", "catalogue.publish_list", actor=actor, subject=str(found.id))
        return found


def propose_entry(actor: Actor, *, organisation_unit_id: int, street_id: int, **values: Any) -> LibraryEntry:
    """An organisation offers a designed service to a street (社会组织策划项目; ZH-19-3a)."""
    with unit_of_work() as db:
        if not actor.has(Role.ORGANISATION_MEMBER, organisation_unit_id):
            raise Forbidden("只能以本组织的名义提交项目。")
        made = LibraryEntry(organisation_unit_id=organisation_unit_id, street_id=street_id, **values)
        db.add(made)
        db.flush()
        record(f"library_entry:{made.id}", "catalogue.propose", actor=actor, subject=made.title)
        return made


def consent(actor: Actor, entry_id: int) -> LibraryEntry:
    """The street takes a designed service into its library (同意纳入项目库; ZH-19-3a)."""
    with unit_of_work():
        entry = session().get_one(LibraryEntry, entry_id, with_for_update=True)
        if not (
            actor.has(Role.STREET_CLERK, entry.street_id) or actor.has(Role.STREET_LEADER, entry.street_id)
        ):
            raise Forbidden("纳入项目库须由本街道同意。", rule="ZH-19-3a")
        entry.consented_by, entry.consented_at = actor.person_id, clock.now()
        record(f"library_entry:{entry.id}", "catalogue.consent", actor=actor, subject=entry.title)
        return entry


def _require_district(actor: Actor, district_id: int) -> None:
    if not actor.has(Role.DISTRICT_OFFICER, district_id):
        raise Forbidden("项目清单由区民政编制和公布。", rule="ZH-07a")
