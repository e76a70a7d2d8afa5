"""The tests of the tests: requirements are named as they are, and shown from both sides."""

from __future__ import annotations

import re

import pytest

from app.accounts import queries, services
from app.core import errors
from app.core.identity import SYSTEM
from tests import reached
from tests.factories.people import make_units
from tests.meta.requirements import Marker, faults, judge, read, register, sources, table

KNOWN = register()


def test_the_register_is_whole() -> None:
    assert len(KNOWN) == 199
    assert all(re.fullmatch(r"(ZH|WH|BJ|KM)-[0-9]+[0-9a-z-]*", key) for key in KNOWN)
    assert all(one.text and one.accept and one.reject and one.source for one in KNOWN.values())


def test_every_marker_is_written_plainly_and_known() -> None:
    markers, wrong = [], []
    for path in sources():
        found, bad = read(path)
        markers += found
        wrong += bad
    assert wrong == []
    assert list(faults(markers, KNOWN)) == []


MARK = "import pytest\n@pytest.mark.requirement({})\ndef test_it(): pass\n"


@pytest.mark.parametrize(
    "written",
    ["'ZH-12', 'maybe'", "'ZH-12'", "ID, 'accept'", "'ZH-12', side='accept'", "*BOTH", "f'ZH-{n}', 'accept'"],
)
def test_a_marker_that_is_not_plain_is_found(written: str) -> None:
    found, wrong = judge(MARK.format(written), "t.py")
    assert (len(found), len(wrong)) == (0, 1)


def test_a_marker_anywhere_else_is_found() -> None:
    _, wrong = judge("import pytest\npytestmark = pytest.mark.requirement('ZH-12', 'accept')\n", "t.py")
    assert len(wrong) == 1
    _, wrong = judge(
        "import pytest\n@pytest.mark.requirement('ZH-12', 'accept')\nclass TestIt: pass\n", "t.py"
    )
    assert len(wrong) == 1


def test_a_marker_on_a_case_of_a_test_counts() -> None:
    case = "pytest.param(1, marks=pytest.mark.requirement('ZH-12', 'reject'))"
    source = f"import pytest\n@pytest.mark.parametrize('n', [{case}])\ndef test_it(n): pass\n"
    assert judge(source, "t.py") == ([Marker("ZH-12", "reject", "t.py::test_it")], [])


def test_four_markers_are_too_many() -> None:
    four = "".join(f"@pytest.mark.requirement('ZH-{n}', 'accept')\n" for n in (12, 15, 20, 21))
    found, wrong = judge(f"import pytest\n{four}def test_it(): pass\n", "t.py")
    assert len(found) == 4
    assert "more than 3" in wrong[0]


def test_an_unknown_requirement_and_a_missing_side_are_found() -> None:
    shown = [Marker("ZH-99", "accept", "t"), Marker("ZH-12", "accept", "t"), Marker("ZH-02a", "accept", "t")]
    assert list(faults(shown, KNOWN)) == [
        "t: there is no requirement ZH-99",
        "ZH-12 has no test that shows: reject",
    ]  # ZH-02a is a definition: one side is enough


def test_the_table_counts_what_is_shown_from_both_sides() -> None:
    shown = [Marker("ZH-12", side, "t.py::test_x") for side in ("accept", "reject")]
    text = table(KNOWN, shown)
    assert "1 of 199 requirements" in text
    assert re.search(r"\| ZH-12 \|.*\| `test_x` \| `test_x` \|", text)


def test_a_rule_alone_reaches_nothing() -> None:
    reached.forget()
    assert not errors.no("nein")
    assert reached.seen() == set()


def test_a_service_is_reached_and_preparation_is_not(database: object) -> None:
    reached.forget()
    units = make_units()
    queries.unit(units.city.id)
    assert reached.seen() == set()
    services.create_unit(SYSTEM, name="朝阳社区", kind="community", city="440400", parent_id=units.street.id)
    assert "app.accounts.services.create_unit" in reached.seen()
