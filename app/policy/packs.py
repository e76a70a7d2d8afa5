"""A policy pack as services use it: parameters with their source, decision tables, code lists.

A pack is the law's layer with the city's on top. A lower layer may only tighten; every number says where it
comes from; null means "not decided" and is never read as "no limit".
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import yaml

from app.core.errors import Fault
from workflows.errors import DecisionError
from workflows.model import decision

SOURCES = ("regulation", "law", "interpretation", "local_decision", "demo")
DIRECTIONS = ("max", "min", "")
BASE = "law-cn"
LAYERED = ("pack.yaml", "constraints.yaml")
"""Files of which every layer's own counts; all others of a lower layer stand in for those of a higher."""
KEPT = (".yaml", ".bpmn", ".dmn", ".json", ".csv")


class PackError(ValueError):
    """A pack breaks a rule of the loader; the message names the parameter and both references."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number or choice of a pack, with where it comes from.

    Attributes:
        dir: "max" (a cap: lower layers may only lower it), "min" (a floor) or "".
        status: "primary" (read in the source), "secondary" or "memory" (shown as 待核实).
    """

    name: str
    label: str
    value: Any
    unit: str = ""
    dir: str = ""
    ref: str | None = None
    source: str = "local_decision"
    status: str = "primary"
    note: str = ""
    decided_by: str | None = None
    decided_on: str | None = None

    @property
    def open(self) -> bool:
        """Whether the pack's owner still has to decide or confirm it."""
        return self.source == "demo" or self.status != "primary"

    @property
    def source_text(self) -> str:
        """Where it comes from, as screens show it beside the number."""
        if self.source == "demo":
            return "演示取值，待单位确认"
        text = {"regulation": "办法规定", "law": "法律法规规定", "interpretation": "办法解释"}.get(
            self.source, f"本单位决定（{self.decided_by}，{self.decided_on}）"
        )
        return f"{text} {self.ref or ''}".strip() + ("（待核实）" if self.status != "primary" else "")


@dataclass(frozen=True)
class Pack:
    """A pack frozen at a version. Never changed; cases keep the one they started with.

    Attributes:
        constraints: the law's order as each layer writes it, by file, highest layer first.
    """

    key: str
    id: str
    title: str
    valid_from: date
    valid_to: date | None
    continuation: Mapping[str, str] | None
    parameters: Mapping[str, Parameter]
    lanes: Mapping[str, str]
    files: Mapping[str, bytes] = field(repr=False)
    sha256: str = ""
    version_id: int = 0
    constraints: Mapping[str, str] = field(default_factory=dict, repr=False)
    _tables: dict[str, decision.DecisionTable] = field(default_factory=dict, repr=False, compare=False)

    def parameter(self, name: str) -> Parameter:
        """A parameter with its source.

        Raises:
            Fault: the pack does not know it.
        """
        found = self.parameters.get(name)
        if found is None:
            raise Fault(f"政策包“{self.title}”没有参数 {name}")
        return found

    def value(self, name: str) -> Any:
        """The value of a parameter; None means "not decided" and calls for a person's reasoned decision."""
        return self.parameter(name).value

    def decide(self, table: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of a decision table.

        Raises:
            Fault: no such table, no rule or more than one applies.
        """
        try:
            if table not in self._tables:
                data = self.files.get(f"decision/{table}.dmn")
                if data is None:
                    raise Fault(f"政策包“{self.title}”没有决策表 {table}")
                self._tables[table] = decision.read(data)
            return self._tables[table].decide(inputs)
        except DecisionError as error:
            raise Fault(str(error)) from error

    def codes(self, kind: str) -> list[tuple[str, str, str]]:
        """A code list: code, name, parent code, in its order."""
        rows = csv.DictReader(io.StringIO(self.files["codes.csv"].decode()))
        return [(row["code"], row["name"], row["parent"]) for row in rows if row["kind"] == kind]

    def lane_role(self, lane: str | None) -> str | None:
        """The role a lane names, None for a lane the pack does not know."""
        return self.lanes.get(lane or "")


def load_folder(root: Path, key: str, base: Path | None = None) -> Pack:
    """Load a pack from its folder, with the layers it extends.

    Args:
        base: where a layer is looked for that does not lie beside the pack.

    Raises:
        PackError: a loader rule is broken.
    """
    files: dict[str, bytes] = {}
    for layer, folder in _layers(root, key, base):
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(folder)
            if path.is_file() and path.suffix in KEPT and relative.parts[0] != "demo":
                name = relative.as_posix()
                files[f"{layer}/{name}" if name in LAYERED else name] = path.read_bytes()
    return load_files(files, key)


def _layers(root: Path, key: str, base: Path | None) -> list[tuple[str, Path]]:
    """Key and folder of each layer, highest first."""
    layers: list[tuple[str, Path]] = []
    current = key
    while current:
        folder = root / current
        if not folder.is_dir() and base is not None:
            folder = base / current
        manifest = folder / "pack.yaml"
        if current in dict(layers) or not manifest.is_file():
            raise PackError(f"找不到政策包 {current}")
        layers.insert(0, (current, folder))
        current = (yaml.safe_load(manifest.read_text(encoding="utf-8")) or {}).get("extends") or ""
    return layers


def load_files(files: Mapping[str, bytes], key: str) -> Pack:
    """Load a pack from the files a version keeps: manifests by layer, everything else already merged."""
    chain: list[dict[str, Any]] = []
    constraints: dict[str, str] = {}
    current = key
    while current:
        manifest = yaml.safe_load(files[f"{current}/pack.yaml"].decode())
        chain.insert(0, manifest)
        law = f"{current}/constraints.yaml"
        if law in files:
            constraints = {law: files[law].decode(), **constraints}
        current = manifest.get("extends") or ""
    parameters: dict[str, Parameter] = {}
    for manifest in chain:
        for name, raw in (manifest.get("parameters") or {}).items():
            parameters[name] = _merge(parameters.get(name), _parameter(name, raw))
    top = chain[-1]
    raw = orjson.dumps(
        {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        option=orjson.OPT_SORT_KEYS,
    )
    lanes = {lane: role for manifest in chain for lane, role in (manifest.get("lanes") or {}).items()}
    return Pack(
        key=key,
        id=str(top["id"]),
        title=str(top["title"]),
        valid_from=top["valid_from"],
        valid_to=top.get("valid_to"),
        continuation=top.get("continuation"),
        parameters=parameters,
        lanes=lanes,
        files=dict(files),
        sha256=hashlib.sha256(raw).hexdigest(),
        constraints=constraints,
    )


def with_version(pack: Pack, version_id: int) -> Pack:
    """The same pack, knowing the row that keeps it."""
    return replace(pack, version_id=version_id)


def _parameter(name: str, raw: Mapping[str, Any]) -> Parameter:
    made = Parameter(name, **{"label": name, **raw})
    if made.source not in SOURCES or made.dir not in DIRECTIONS:
        raise PackError(f"参数 {name} 的 source 或 dir 不正确")
    if made.source == "local_decision" and not (made.decided_by and made.decided_on):
        raise PackError(f"参数 {name} 是本单位决定，必须写明决定人和日期")
    if made.source in ("regulation", "law", "interpretation") and not made.ref:
        raise PackError(f"参数 {name} 必须写明依据（ref）")
    return made


def _merge(above: Parameter | None, below: Parameter) -> Parameter:
    """A lower layer's parameter over a higher one's: the same or tighter, else refused."""
    if above is None or above.value is None:
        return below
    if above.dir and below.dir and above.dir != below.dir:
        raise PackError(f"参数 {below.name} 的方向与上位规定（{above.ref}）不一致")
    if above.dir in ("max", "min") and below.value is not None:
        looser = below.value > above.value if above.dir == "max" else below.value < above.value
        if looser:
            raise PackError(
                f"参数 {below.name} = {below.value}（{below.ref or below.source}）"
                f"比上位规定 {above.value}（{above.ref or above.source}）更宽，不能采用"
            )
    return replace(below, dir=above.dir or below.dir)
