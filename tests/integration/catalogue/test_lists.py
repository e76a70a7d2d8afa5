"""The district's yearly list and the street's library."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.catalogue import queries, services
from app.core.clock import end_of_day
from app.core.errors import Forbidden, Refusal
from app.core.identity import Role
from tests.factories.people import actor_of, make_person, make_units

pytestmark = pytest.mark.usefixtures("database", "clock")
ITEM = {
    "code": "01",
    "category": "basic.elder_care",
    "name": "居家养老",
    "unit": "项",
    "reference_price": None,
}


@pytest.fixture
def units() -> Any:
    """City, district, street, community."""
    return make_units()


@pytest.mark.requirement("ZH-07a", "accept")
@pytest.mark.requirement("ZH-07b", "accept")
def test_a_list_is_saved_and_published_in_time(units: Any) -> None:
    officer = actor_of(make_person("区民政", Role.DISTRICT_OFFICER, units.district))
    made = services.save_list(officer, units.district.id, 2026, [ITEM])
    assert made.no == 1
    assert queries.active_items(units.district.id, 2026) == []
    assert not services.publish_list(officer, made.id).late
    assert [i.code for i in queries.active_items(units.district.id, 2026)] == ["01"]


@pytest.mark.requirement("ZH-07a", "reject")
def test_two_active_lists_of_one_year_are_refused(units: Any) -> None:
    officer = actor_of(make_person("区民政", Role.DISTRICT_OFFICER, units.district))
    first = services.save_list(officer, units.district.id, 2026, [ITEM])
    services.publish_list(officer, first.id)
    second = services.save_list(officer, units.district.id, 2026, [ITEM])
    with pytest.raises(Refusal) as caught:
        services.publish_list(officer, second.id)
    assert caught.value.rule == "ZH-07a"
    services.publish_list(officer, second.id, replace=True)
    assert queries.active_item(units.district.id, 2026, "01") is not None


@pytest.mark.requirement("ZH-07b", "reject")
def test_a_late_list_is_published_but_keeps_its_flag(units: Any, clock: Any) -> None:
    officer = actor_of(make_person("区民政", Role.DISTRICT_OFFICER, units.district))
    made = services.save_list(officer, units.district.id, 2026, [ITEM])
    clock.set(end_of_day(date(2026, 4, 1)))
    assert services.publish_list(officer, made.id).late


def test_only_the_district_makes_lists(units: Any) -> None:
    clerk = actor_of(make_person("经办", Role.STREET_CLERK, units.street))
    with pytest.raises(Forbidden):
        services.save_list(clerk, units.district.id, 2026, [ITEM])
