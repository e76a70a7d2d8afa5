"""Administrative areas as units: imported from the table of a city."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select

from app.accounts import rules
from app.accounts.models import OrgUnit
from app.audit.services import record
from app.core.db import session, unit_of_work
from app.core.errors import Refusal
from app.core.identity import Actor

NO_CITY = "000000"
"""The city of a new installation's first unit until somebody says which one it is."""
AREA_UNITS = {
    "city": "city",
    "district": "district",
    "town": "street",
    "subdistrict": "street",
    "community": "community",
}
"""The kind of unit that governs an area of a kind."""
COMMITTEES = (
    ("社区居民委员会", "社区"),
    ("社区居委会", "社区"),
    ("居民委员会", "社区"),
    ("居委会", "社区"),
    ("村民委员会", "村"),
    ("村委会", "村"),
)
"""How committees sign, and how people call the place."""


def import_areas(actor: Actor, path: Path, city_codes: frozenset[str]) -> int:
    """Make units from the area table; areas already known stay as they are (导入行政区划; ZH-29).

    Statistical plots without a purchaser (kind `functional_zone`), and what lies in them, are left out.

    Args:
        city_codes: four-digit codes of the cities wanted.

    Returns:
        How many units were added.

    Raises:
        Forbidden: the actor does not keep units.
        Refusal: an area hangs below one that is neither known nor in the table.
    """
    with unit_of_work() as db:
        rules.permit(rules.may_make_unit(actor, "city"))
        _name_the_city(actor, path, city_codes)
        known = {u.code: u for u in db.scalars(select(OrgUnit).where(OrgUnit.code.is_not(None)))}
        rows = [row for row in area_rows(path) if row["code"][:4] in city_codes]
        plots = {row["code"] for row in rows if row["kind"] == "functional_zone"}
        wanted = [row for row in rows if not plots & {row["code"], row["parent_code"]}]
        fresh = [row for row in wanted if row["code"] not in known]
        # Level by level, so that a level is one statement and finds the numbers of the level above.
        for kind in ("city", "district", "street", "community"):
            level = [row for row in fresh if AREA_UNITS[row["kind"]] == kind]
            made = [_area(row, known) for row in level]
            db.add_all(made)
            db.flush()
            for one in made:
                one.path += f"{one.id}/"
                known[one.code] = one
        if fresh:
            record(
                "org_unit:0",
                "accounts.import_areas",
                actor=actor,
                subject=path.name,
                after={"added": len(fresh), "cities": sorted(city_codes)},
            )
    return len(fresh)


def area_rows(path: Path) -> list[dict[str, str]]:
    """The lines of an area table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _name_the_city(actor: Actor, path: Path, city_codes: frozenset[str]) -> None:
    """The unit that stands for the city of a new installation becomes the city that is imported."""
    nameless = session().scalar(select(OrgUnit).where(OrgUnit.city == NO_CITY, OrgUnit.kind == "city"))
    rows = [row for row in area_rows(path) if row["kind"] == "city" and row["code"] in city_codes]
    if nameless is None or len(rows) != 1:
        return
    row = rows[0]
    before = {"name": nameless.name}
    nameless.code, nameless.city, nameless.area_kind = row["code"], row["code"][:4] + "00", "city"
    nameless.name = nameless.short_name = row["name"]
    session().flush()
    record(
        f"org_unit:{nameless.id}",
        "accounts.name_city",
        actor=actor,
        subject=row["name"],
        before=before,
        after={"code": row["code"]},
    )


def _area(row: Mapping[str, str], known: Mapping[str | None, OrgUnit]) -> OrgUnit:
    """The unit of an area, its path still without its own number."""
    parent, kind = known.get(row["parent_code"]), AREA_UNITS[row["kind"]]
    if parent is None and kind != "city":
        raise Refusal(
            f"“{row['name']}”没有所属的上级区域，请先补全区划表。", rule="ZH-29", field="parent_code"
        )
    return OrgUnit(
        name=row["name"],
        short_name=short_area_name(row["name"]),
        kind=kind,
        city=row["code"][:4] + "00",
        code=row["code"],
        area_kind=row["kind"],
        parent_id=parent.id if parent else None,
        path=parent.path if parent else "/",
    )


def short_area_name(name: str) -> str:
    """How people say an area: without the committee's full title."""
    for long, short in COMMITTEES:
        if name.endswith(long):
            return name.removesuffix(long) + short
    return name
