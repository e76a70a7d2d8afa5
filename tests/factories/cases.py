"""Cases without an engine: what a room's handlers need, and no more."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select

from app.accounts import services as accounts
from app.accounts.models import Person
from app.core import clock
from app.core.db import unit_of_work
from app.core.identity import SYSTEM, Actor, Role
from app.policy import services as policy
from app.policy.models import PackVersion
from app.policy.packs import Pack, load_folder
from app.runtime import definitions
from app.runtime.handlers import TaskContext
from app.runtime.models import Case, Definition, Task
from config import ROOT

PROCESS = "zhuhai_project"


def make_case(units: SimpleNamespace, **kw: Any) -> Case:
    """A running case of the units' street and community, started by a member of the community's committee.

    Args:
        kw: columns of the case to set otherwise.
    """
    with unit_of_work() as db:
        starter = kw.pop("started_by", None) or _starter(units).id
        number = db.scalar(select(func.count()).select_from(Case)) or 0
        case = Case(
            **{
                "city": units.street.city,
                "no": f"XM2026-{number + 1:04d}",
                "title": "居家养老服务",
                "pack_key": "zhuhai",
                "pack_version_id": _pack_version().id,
                "definition_id": _definition().id,
                "street_id": units.street.id,
                "community_id": units.community.id,
                "owner_id": starter,
                "started_by": starter,
                "started_at": clock.now(),
                "state": b"",
                **kw,
            }
        )
        db.add(case)
        db.flush()
        return case


def context(
    case: Case,
    actor: Actor,
    pack: Pack,
    form_key: str,
    data: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> TaskContext:
    """An open task of the case with the form `form_key`, as its handler gets to see it."""
    held = sorted(actor.grants, key=lambda grant: (grant.unit_id, grant.role))
    with unit_of_work() as db:
        task = Task(
            city=case.city,
            case_id=case.id,
            engine_id=uuid4().hex,
            element=form_key.replace(".", "_"),
            path="",
            process=form_key.partition(".")[0],
            title=form_key,
            form_key=form_key,
            stage=form_key.partition(".")[0],
            role=held[0].role if held else None,
            unit_id=held[0].unit_id if held else None,
            created_at=clock.now(),
        )
        db.add(task)
        db.flush()
    return TaskContext(case, task, actor, at or clock.now(), pack, lambda: dict(data or {}))


def _starter(units: SimpleNamespace) -> Person:
    with unit_of_work() as db:
        known = db.scalar(select(Person).where(Person.login == "starter"))
        if known is not None:
            return known
        person, _ = accounts.create_person(SYSTEM, login="starter", name="发起人", must_change=False)
        accounts.grant(SYSTEM, person.id, units.community.id, Role.COMMITTEE_MEMBER)
        return person


@cache
def _pack() -> Pack:
    return load_folder(ROOT / "bpmn", "zhuhai")


def _pack_version() -> PackVersion:
    return policy.store(SYSTEM, _pack())


def _definition() -> Definition:
    with unit_of_work() as db:
        known = db.scalar(select(Definition).where(Definition.process_key == PROCESS))
        if known is not None:
            return known
        files = {"note": b"a case that no engine moves"}
        row = Definition(
            pack_key="zhuhai",
            process_key=PROCESS,
            no=1,
            title="政府购买服务项目",
            sha256="0" * 64,
            files=zlib.compress(definitions.pack_files(files)),
            state="published",
            created_at=clock.now(),
        )
        db.add(row)
        db.flush()
        return row
