"""People who design, approve and own, and a way of working in force: a small one, or the whole Zhuhai flow."""

from __future__ import annotations

from types import SimpleNamespace

from app.core import db
from app.core.identity import SYSTEM, Role
from app.policy import services as policy
from app.policy.packs import load_folder
from app.runtime import definitions
from app.runtime.models import Definition
from app.runtime.packaging import deploy_pack
from app.studio import drafts
from app.studio.models import ModelDraft
from config import ROOT
from tests.factories.bpmn import Diagram
from tests.factories.people import actor_of, make_person, make_units

SMALL = "process/small.bpmn"
MANIFEST = "zhuhai/pack.yaml"
FORM = """{"type": "object", "title": "意见", "properties": {
 "decision": {"type": "string", "title": "意见", "oneOf": [
   {"const": "agree", "title": "同意"}, {"const": "refuse", "title": "不同意"}]},
 "opinion": {"type": "string", "title": "说明", "maxLength": 200}}, "required": ["decision"]}""".encode()


def small(days: str = "5") -> bytes:
    """Two steps and an end: a clerk writes, a leader decides within some days."""
    made = Diagram("small", "小流程", lanes=["街道经办", "街道领导"])
    made.start("start", lane="街道经办")
    made.user("write", "拟稿", "街道经办", 1, form="act", props={"dueWorkingDays": "3"})
    made.user("decide", "审定", "街道领导", 2, form="act", props={"dueWorkingDays": days})
    made.end("end", "办结", "街道领导", 3)
    for pair in (("start", "write"), ("write", "decide"), ("decide", "end")):
        made.flow(*pair)
    return made.xml().encode()


def make_studio(*, whole: bool = False) -> SimpleNamespace:
    """Two designers, a publisher, the pack's owner, a clerk and a leader, and a version in force."""
    units = make_units()
    made = SimpleNamespace(
        units=units,
        designer=actor_of(make_person("设计员", Role.DESIGNER, units.city)),
        colleague=actor_of(make_person("另一设计员", Role.DESIGNER, units.city)),
        publisher=actor_of(make_person("发布员", Role.PUBLISHER, units.city)),
        auditor=actor_of(make_person("审计员", Role.AUDITOR, units.city)),
        owner=actor_of(make_person("市民政", Role.CITY_OFFICER, units.city)),
        clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
        leader=actor_of(make_person("领导", Role.STREET_LEADER, units.street)),
    )
    made.definition = _whole() if whole else _small()
    made.process = made.definition.process_key
    made.street_id, made.community_id = units.street.id, units.community.id
    db.close()
    return made


def _whole() -> Definition:
    return deploy_pack(SYSTEM, ROOT / "bpmn", "zhuhai", publish=True)[0]


def _small() -> Definition:
    policy.store(SYSTEM, load_folder(ROOT / "bpmn", "zhuhai"))
    files = {SMALL: small(), "form/act.json": FORM}
    return definitions.deploy(
        SYSTEM, pack_key="zhuhai", process_key="small", title="小流程", files=files, publish=True
    )


def begin(studio: SimpleNamespace, title: str = "改办理时限") -> ModelDraft:
    """A draft by the designer."""
    return drafts.create(studio.designer, pack_key="zhuhai", process_key=studio.process, title=title)
