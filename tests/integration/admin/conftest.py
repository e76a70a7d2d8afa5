"""The runtime's small office, and the three administrators of its city."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.accounts.queries import unit_by_code
from app.core import db
from app.core.db import unit_of_work
from app.core.identity import Role
from tests.factories.people import actor_of, make_person
from tests.integration.runtime.conftest import begin, office

__all__ = ["begin", "office"]


@pytest.fixture
def admins(office: SimpleNamespace) -> SimpleNamespace:
    """System, security and audit administrator."""
    from app.accounts.queries import unit

    street = unit(office.street_id)
    city = unit(int(street.path.split("/")[1]))
    with unit_of_work():
        city.code = "4404"
    unit_by_code("4404")
    made = SimpleNamespace(
        city=city,
        system=actor_of(make_person("系统管理员", Role.SYSTEM_ADMIN, city)),
        security=actor_of(make_person("安全管理员", Role.SECURITY_ADMIN, city)),
        audit=actor_of(make_person("审计管理员", Role.AUDIT_ADMIN, city)),
    )
    db.close()
    return made
