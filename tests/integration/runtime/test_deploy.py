"""Models on their way into the office: broken, hostile and unlawful ones stay outside."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.core.db import session
from app.core.errors import Forbidden, Refusal
from app.core.identity import SYSTEM, Role
from app.policy.packs import Pack
from app.runtime import definitions, publication
from app.runtime.models import Definition
from tests.factories.people import actor_of, make_person, make_units

pytestmark = pytest.mark.usefixtures("database")
FOLDERS = ("process/", "decision/", "form/")


def files_of(pack: Pack) -> dict[str, bytes]:
    """The models of a pack."""
    return {name: data for name, data in pack.files.items() if name.startswith(FOLDERS)}


def deploy(pack: Pack, files: dict[str, bytes], **more: object) -> Definition:
    """Deploy the Zhuhai flow with these files."""
    return definitions.deploy(
        SYSTEM,
        pack_key="zhuhai",
        process_key="zhuhai_project",
        title="测试",
        files=files,
        publish=bool(more.get("publish", False)),
        lanes=pack.lanes,
    )


@pytest.mark.requirement("ZH-02b", "accept")
def test_the_street_decides_in_its_own_lane(pack: Pack) -> None:
    made = deploy(pack, files_of(pack))
    assert (made.no, made.state) == (1, "draft")
    assert deploy(pack, files_of(pack)).id == made.id


@pytest.mark.requirement("ZH-02b", "reject")
def test_a_district_lane_cannot_hold_the_decision(pack: Pack) -> None:
    files = files_of(pack)
    drawn = files["process/review.bpmn"].decode()
    assert "街道领导" in drawn
    files["process/review.bpmn"] = drawn.replace("街道领导", "区民政").encode()
    with pytest.raises(Refusal) as caught:
        deploy(pack, files)
    assert caught.value.rule == "ZH-02b"
    assert session().scalar(select(func.count()).select_from(Definition)) == 0


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("process/review.bpmn", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"),
        ("process/review.bpmn", b"<x"),
        ("decision/vote_valid.dmn", b"<definitions/>"),
        ("form/proposal.vote.json", b"{"),
        ("form/proposal.vote.json", b'{"type": "object", "properties": {"a": {"type": "nothing"}}}'),
    ],
)
def test_broken_and_hostile_files_are_refused_with_a_plain_message(
    pack: Pack, name: str, broken: bytes
) -> None:
    with pytest.raises(Refusal) as caught:
        deploy(pack, {**files_of(pack), name: broken})
    assert "不能部署" in caught.value.message
    assert session().scalar(select(func.count()).select_from(Definition)) == 0


def test_nobody_publishes_their_own_model(pack: Pack) -> None:
    units = make_units()
    designer = actor_of(make_person("设计", Role.DESIGNER, units.city))
    publisher = actor_of(make_person("发布", Role.PUBLISHER, units.city))
    made = definitions.deploy(
        designer,
        pack_key="zhuhai",
        process_key="zhuhai_project",
        title="测试",
        files=files_of(pack),
        publish=False,
    )
    with pytest.raises(Refusal, match="还没有发布"):
        definitions.in_force("zhuhai", "zhuhai_project")
    with pytest.raises(Forbidden):
        publication.publish(designer, made.id)
    publication.publish(publisher, made.id)
    assert definitions.in_force("zhuhai", "zhuhai_project") == made.id
