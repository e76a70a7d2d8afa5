"""The loader's rules, one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

from app.core.errors import Fault
from app.policy.packs import PackError, load_folder
from app.policy.queries import check_pack

LAW = {
    "key": "law-cn",
    "id": "CN",
    "title": "法",
    "valid_from": "2020-01-01",
    "valid_to": None,
    "extends": None,
}
CAP = {"value": 40, "dir": "max", "ref": "ZH-23", "source": "regulation"}


def write(root: Path, law: dict[str, Any], city: dict[str, Any]) -> Path:
    """Two layers in a folder."""
    for key, base, parameters in (("law-cn", None, law), ("city", "law-cn", city)):
        folder = root / key
        folder.mkdir()
        manifest = {**LAW, "key": key, "id": key, "extends": base, "parameters": parameters}
        (folder / "pack.yaml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    return root


def test_a_child_may_tighten(tmp_path: Path) -> None:
    root = write(tmp_path, {"cap": CAP}, {"cap": {**CAP, "value": 30, "ref": "X-1"}})
    assert load_folder(root, "city").value("cap") == 30


@pytest.mark.parametrize(("direction", "looser"), [("max", 41), ("min", 39)])
def test_a_looser_child_is_refused_with_both_references(tmp_path: Path, direction: str, looser: int) -> None:
    law = {"cap": {**CAP, "dir": direction, "ref": "L-1"}}
    root = write(tmp_path, law, {"cap": {**CAP, "dir": direction, "value": looser, "ref": "X-1"}})
    with pytest.raises(PackError, match=r"X-1.*L-1"):
        load_folder(root, "city")


def test_null_is_not_decided_and_stays_so(tmp_path: Path) -> None:
    root = write(tmp_path, {"cap": {**CAP, "value": None}}, {})
    assert load_folder(root, "city").value("cap") is None


@pytest.mark.parametrize(
    "raw",
    [
        {"value": 5, "source": "local_decision"},
        {"value": 5, "source": "regulation"},
        {"value": 5, "source": "rumour", "ref": "X"},
        {"value": 5, "source": "law", "ref": "L-1", "dir": "sideways"},
    ],
)
def test_a_figure_without_its_source_is_refused(tmp_path: Path, raw: dict[str, Any]) -> None:
    with pytest.raises(PackError):
        load_folder(write(tmp_path, {}, {"days": raw}), "city")


def test_demo_and_unconfirmed_figures_say_so(tmp_path: Path) -> None:
    parameters = {
        "a": {"value": 5, "source": "demo"},
        "b": {"value": 5, "source": "law", "ref": "L-48", "status": "memory"},
        "c": CAP,
    }
    pack = load_folder(write(tmp_path, {}, parameters), "city")
    assert pack.parameter("a").source_text == "演示取值，待单位确认"
    assert "待核实" in pack.parameter("b").source_text
    assert [pack.parameter(n).open for n in "abc"] == [True, True, False]


def test_an_unknown_parameter_is_a_fault(pack: Any) -> None:
    with pytest.raises(Fault):
        pack.value("no_such_thing")


def test_the_packs_of_the_project_have_no_fault() -> None:
    assert check_pack(Path("bpmn"), "zhuhai") == []
    assert check_pack(Path("bpmn"), "nowhere") != []


def test_every_lane_of_the_flow_has_a_role(pack: Any) -> None:
    for name, data in pack.files.items():
        if name.endswith(".bpmn") and name != "process/zhuhai_project.bpmn":
            for lane in etree.fromstring(data).iter("{http://www.omg.org/spec/BPMN/20100524/MODEL}lane"):
                assert pack.lane_role(lane.get("name")), (name, lane.get("name"))


@pytest.mark.parametrize(
    ("body", "eligible", "present", "yes", "valid"),
    [
        ("residents_meeting", 60, 41, 25, True),
        ("residents_meeting", 60, 29, 29, False),
        ("residents_meeting", 60, 30, 30, False),
        ("residents_meeting", 60, 41, 20, False),
        ("villagers_meeting", 60, 31, 16, True),
        ("representatives", 60, 40, 21, True),
        ("representatives", 60, 39, 39, False),
        ("representatives", 60, 40, 20, False),
    ],
)
def test_votes(pack: Any, body: str, eligible: int, present: int, yes: int, valid: bool) -> None:
    ruling = pack.decide("vote_valid", {"body": body, "eligible": eligible, "present": present, "yes": yes})
    assert ruling["valid"] is valid


@pytest.mark.parametrize(
    ("method", "valid", "outcome"),
    [
        ("open_tender", 3, "continue"),
        ("open_tender", 2, "terminate"),
        ("consultation", 2, "continue"),
        ("consultation", 1, "terminate"),
        ("internal_selection", 0, "terminate"),
        ("single_source", 1, "continue"),
    ],
)
def test_enough_bids(pack: Any, method: str, valid: int, outcome: str) -> None:
    inputs = {"method": method, "object": "service", "valid": valid}
    assert pack.decide("continue_with_n", inputs)["outcome"] == outcome


@pytest.mark.parametrize("total", [0, 5999, 6000, 7999, 8000, 8999, 9000, 10000])
def test_every_total_has_one_grade_and_every_grade_a_factor(pack: Any, total: int) -> None:
    grade = pack.decide("evaluation_grade", {"total": total})["grade"]
    assert 0 <= pack.decide("final_payment_factor", {"grade": grade})["factor_pct"] <= 100
    assert pack.decide("evaluation_consequence", {"pack": "zhuhai", "grade": grade})["credit_entry"]
