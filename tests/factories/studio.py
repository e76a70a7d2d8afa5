"""The Zhuhai flow published by the system, with a designer, a second designer, a publisher and the pack's owner."""

from __future__ import annotations

from types import SimpleNamespace

from app.cli.bundles import deploy_pack
from app.core import db
from app.core.identity import SYSTEM, Role
from app.studio import drafts
from app.studio.models import ModelDraft
from config import ROOT
from tests.factories.people import actor_of, make_person, make_units


def make_studio() -> SimpleNamespace:
    """People who design, approve and own, and the flow in force."""
    units = make_units()
    made = SimpleNamespace(
        units=units,
        designer=actor_of(make_person("设计员", Role.DESIGNER, units.city)),
        colleague=actor_of(make_person("另一设计员", Role.DESIGNER, units.city)),
        publisher=actor_of(make_person("发布员", Role.PUBLISHER, units.city)),
        owner=actor_of(make_person("市民政", Role.CITY_OFFICER, units.city)),
        clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
    )
    (made.definition,) = deploy_pack(SYSTEM, ROOT / "bpmn", "zhuhai", publish=True)
    db.close()
    return made


def begin(studio: SimpleNamespace, title: str = "改办理时限") -> ModelDraft:
    """A draft by the designer."""
    return drafts.create(studio.designer, pack_key="zhuhai", process_key="zhuhai_project", title=title)
