"""Register organisations, keep their credit."""

from __future__ import annotations

from datetime import date
from typing import Any

from pypinyin import Style, lazy_pinyin

from app.accounts.services import create_unit
from app.audit.services import record
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Forbidden, require_all
from app.core.identity import Actor, Role
from app.organisations import rules
from app.organisations.models import CreditEntry, Organisation

KEEPERS = (Role.CITY_OFFICER, Role.DISTRICT_OFFICER, Role.STREET_CLERK)
"""Who may write credit: never the organisation itself (ZH-24c)."""


def register_organisation(
    actor: Actor,
    *,
    kind: str,
    name: str,
    city: str,
    uscc: str | None = None,
    filing_no: str | None = None,
    filing_street_id: int | None = None,
    filing_date: date | None = None,
    is_evaluator: bool = False,
    **more: Any,
) -> Organisation:
    """Take an organisation into the register (登记社会组织; ZH-03).

    Raises:
        Refusals: wrong code, no filing, or not a social organisation at all.
    """
    require_all(rules.registration_allowed(kind, uscc, filing_no, filing_street_id))
    with unit_of_work() as db:
        unit = create_unit(
            actor, name=name, kind="evaluator" if is_evaluator else "organisation", city=city
        )
        made = Organisation(
            unit_id=unit.id,
            kind=kind,
            name=name,
            uscc=uscc,
            filing_no=filing_no,
            filing_street_id=filing_street_id,
            filing_date=filing_date,
            sort_key=" ".join(lazy_pinyin(name)),
            initials="".join(lazy_pinyin(name, style=Style.FIRST_LETTER))[:60].lower(),
            is_evaluator=is_evaluator,
            **{"scope": [], **more},
        )
        db.add(made)
        db.flush()
        record(f"organisation:{made.id}", "organisations.register", actor=actor, subject=name)
        return made


def record_credit(
    actor: Actor,
    *,
    organisation_id: int,
    case_id: int | None,
    kind: str,
    grade: str | None,
    text: str,
    source: str,
    list_kind: str | None = None,
    until: date | None = None,
) -> CreditEntry:
    """Add a line to an organisation's credit record (登记信用记录; ZH-24c).

    Raises:
        Forbidden: organisations do not write credit.
    """
    if not any(actor.has(role) for role in KEEPERS):
        raise Forbidden("信用记录由镇街或民政部门登记，社会组织不能修改自己的信用记录。", rule="ZH-24c")
    with unit_of_work() as db:
        made = CreditEntry(
            organisation_id=organisation_id,
            case_id=case_id,
            kind=kind,
            grade=grade,
            text=text,
            source=source,
            list_kind=list_kind,
            until=until,
            at=clock.now(),
            recorded_by=actor.person_id,
        )
        db.add(made)
        db.flush()
        record(
            f"organisation:{organisation_id}",
            "organisations.credit",
            actor=actor,
            subject=source,
            after={"kind": kind, "grade": grade},
        )
        return made
