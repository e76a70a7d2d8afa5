"""People who upload, and cases their uploads belong to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Engine

from app.accounts import queries, services
from app.accounts.models import OrgUnit
from app.core import clock, db
from app.core.identity import SYSTEM, Actor
from app.files import queries as files
from app.policy.models import PackVersion
from app.runtime.models import Case, Definition


@pytest.fixture
def uploader(database: Engine) -> Actor:
    made, _ = services.create_person(SYSTEM, login="clerk", name="狮山街道经办")
    return queries.actor(made.id)


@pytest.fixture
def stranger(database: Engine) -> Actor:
    made, _ = services.create_person(SYSTEM, login="other", name="前山街道经办")
    return queries.actor(made.id)


@pytest.fixture(autouse=True)
def _no_closed_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an application built before has registered asks more of a case than these have."""
    monkeypatch.setattr(files, "_closed", None)


@pytest.fixture
def new_case(uploader: Actor) -> Callable[[], int]:
    """Makes a case without an engine; answers its id."""
    city = services.create_unit(SYSTEM, name="珠海市", kind="city", city="440400")
    parents: dict[str, int] = {"city": city.id}

    def unit(kind: str, above: str) -> OrgUnit:
        return services.create_unit(SYSTEM, name=kind, kind=kind, city="440400", parent_id=parents[above])

    parents["district"] = unit("district", "city").id
    street = unit("street", "district")
    count = 0

    def make() -> int:
        nonlocal count
        count += 1
        with db.unit_of_work() as session:
            pack = PackVersion(
                key="zhuhai",
                no=count,
                title="珠海",
                sha256=f"{count}".zfill(64),
                files=b"",
                valid_from=date(2026, 1, 1),
                continued=False,
                active=True,
                stored_at=clock.now(),
            )
            definition = Definition(
                pack_key="zhuhai",
                process_key="p",
                no=count,
                title="项目",
                sha256="0" * 64,
                files=b"",
                state="published" if count == 1 else "retired",
                created_at=clock.now(),
            )
            session.add_all([pack, definition])
            session.flush()
            case = Case(
                city="440400",
                no=f"XM2026-{count}",
                title="长者助餐",
                pack_key="zhuhai",
                pack_version_id=pack.id,
                definition_id=definition.id,
                street_id=street.id,
                owner_id=uploader.person_id,
                started_by=uploader.person_id,
                started_at=clock.now(),
                state=b"",
            )
            session.add(case)
            session.flush()
            return case.id

    return make
