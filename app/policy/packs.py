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
DECIDED = "decided.json"
"""The file of a version that keeps what the pack's owners have decided by screens, over all layers."""
TERM = "continuation"
"""The name under which the continuation of an expired pack is decided like a parameter."""
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
    def binds(self) -> bool:
        """Whether it limits what is decided over it: a figure nobody has read in its source does not."""
        return self.source != "demo" and self.status != "memory" and self.value is not None

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
    binding: Mapping[str, Parameter] = field(default_factory=dict, repr=False)
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

    @property
    def term(self) -> Parameter | None:
        """What continues the pack after its last day, as a parameter; None for a pack without a last day."""
        if self.valid_to is None:
            return None
        given = self.continuation or {}
        return Parameter(
            TERM,
            "有效期届满后的延续文件",
            given.get("document"),
            source=str(given.get("source") or "demo"),
            note=str(given.get("note") or ""),
            ref=given.get("document"),
            decided_by=given.get("decided_by"),
            decided_on=given.get("decided_on"),
        )

    @property
    def waiting(self) -> list[Parameter]:
        """What its owners have still to confirm; with any of it, production does not use the pack."""
        found = [one for one in self.parameters.values() if one.open]
        continued = self.term if self.continuation is not None else None
        return found + ([continued] if continued is not None and continued.open else [])

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
        current = (yaml.load(manifest.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}).get(
            "extends"
        ) or ""
    return layers


def load_files(files: Mapping[str, bytes], key: str) -> Pack:
    """Load a pack from the files a version keeps: manifests by layer, everything else already merged."""
    chain: list[dict[str, Any]] = []
    constraints: dict[str, str] = {}
    current = key
    while current:
        manifest = yaml.load(files[f"{current}/pack.yaml"].decode(), Loader=yaml.CSafeLoader)
        chain.insert(0, manifest)
        law = f"{current}/constraints.yaml"
        if law in files:
            constraints = {law: files[law].decode(), **constraints}
        current = manifest.get("extends") or ""
    parameters: dict[str, Parameter] = {}
    binding: dict[str, Parameter] = {}
    for manifest in chain:
        for name, raw in (manifest.get("parameters") or {}).items():
            parameters[name] = _merge(parameters.get(name), _parameter(name, raw))
            if parameters[name].binds:
                binding[name] = parameters[name]
    decided = orjson.loads(files.get(DECIDED) or b"{}")
    for name, given in decided.items():
        if name in parameters:  # a parameter that a later release dropped is decided no more
            parameters[name] = _decided(parameters[name], binding.get(name), given)
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
        continuation=_continued(decided[TERM]) if TERM in decided else top.get("continuation"),
        parameters=parameters,
        binding=binding,
        lanes=lanes,
        files=dict(files),
        sha256=hashlib.sha256(raw).hexdigest(),
        constraints=constraints,
    )


def decide_on(pack: Pack, decisions: Mapping[str, Mapping[str, Any]]) -> Pack:
    """The pack with more figures decided: value, ref, note, decided_by, decided_on by parameter.

    Raises:
        PackError: a value is looser than the rule above it; the message names both.
    """
    known = orjson.loads(pack.files.get(DECIDED) or b"{}")
    kept = orjson.dumps({**known, **decisions}, option=orjson.OPT_SORT_KEYS)
    return load_files({**pack.files, DECIDED: kept}, pack.key)


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


def _decided(known: Parameter, binding: Parameter | None, given: Mapping[str, Any]) -> Parameter:
    """A figure with what was decided on it; one of the law that was only to be confirmed stays the law's."""
    confirms = known.open and known.source != "demo"
    made = replace(
        known,
        value=given["value"],
        ref="，".join(one for one in (known.ref if confirms else None, given["ref"]) if one),
        note=given.get("note") or known.note,
        source=known.source if confirms else "local_decision",
        status="primary",
        decided_by=given["decided_by"],
        decided_on=given["decided_on"],
    )
    return _merge(binding, made)


def _continued(given: Mapping[str, Any]) -> dict[str, str]:
    return {
        "source": "local_decision",
        "document": str(given["value"]),
        "note": str(given.get("note") or ""),
        "decided_by": str(given["decided_by"]),
        "decided_on": str(given["decided_on"]),
    }


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
                f"“{below.label}”取 {below.value}（{below.ref or below.source}）"
                f"比上位规定 {above.value}（{above.ref or above.source}）更宽，不能采用"
            )
    return replace(below, dir=above.dir or below.dir)
