"""Compare a draft or version with any version: in words for people, in marks for the drawing, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from app.core.db import session
from app.core.errors import NotFound
from app.policy import queries as packs
from app.runtime import definitions
from app.runtime.models import Definition
from app.studio import blobs, drafts
from app.studio.models import ModelDraft
from workflows.model.compare import Change, compare, marks

GENERAL = "流程设置"
"""Heading of changes that are nobody's work in particular."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two things compared."""

    title: str
    files: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is different.

    Attributes:
        by_person: sentences by whose work they change, lanes first.
        marks: changed elements of each drawing.
    """

    old: Side
    new: Side
    changes: list[Change]
    by_person: list[tuple[str, list[str]]]
    marks: Mapping[str, Mapping[str, str]]

    @property
    def names(self) -> list[str]:
        """Files that differ."""
        names = self.old.files.keys() | self.new.files.keys()
        return sorted(n for n in names if self.old.files.get(n) != self.new.files.get(n))

    def lines(self, name: str) -> list[str]:
        """The difference of one file, line by line."""
        before, after = self.old.files.get(name, b""), self.new.files.get(name, b"")
        return blobs.unified(before.decode(), after.decode(), name).splitlines()


def of_draft(draft: ModelDraft, with_id: int | None = None) -> Comparison:
    """A draft against a version, by default the one it starts from."""
    base = with_id or draft.base_id
    old = version_side(base, draft.pack_key) if base is not None else Side("（无）", {})
    return between(old, Side("草稿", drafts.files_of(draft.id)))


def of_version(new: Definition, old: Definition) -> Comparison:
    """A version against another one of the same process."""
    return between(version_side(old.id, old.pack_key), version_side(new.id, new.pack_key))


def version_side(definition_id: int, pack_key: str) -> Side:
    """A version with the pack it was published with; an older one without its own gets the models alone."""
    row = session().get(Definition, definition_id)
    if row is None or row.pack_key != pack_key:
        raise NotFound
    files = dict(definitions.bundle(definition_id).files)
    pack_id = row.pack_version_id or packs.first_version(pack_key)
    if pack_id is not None:
        files = {**drafts.without_models(packs.pack(pack_id).files), **files}
    return Side(f"第 {row.no} 版", files)


def between(old: Side, new: Side) -> Comparison:
    """Two sets of files."""
    manifests = {n for n in old.files.keys() | new.files.keys() if n.endswith("pack.yaml")}
    found = compare(_without(old.files, manifests), _without(new.files, manifests))
    for name in sorted(manifests):
        found += _manifest(name, old.files.get(name), new.files.get(name))
    people: dict[str, list[str]] = {}
    for one in sorted(found, key=lambda change: not change.who):
        people.setdefault(one.who or GENERAL, []).append(one.text)
    return Comparison(old, new, found, list(people.items()), marks(found))


def _without(files: Mapping[str, bytes], names: set[str]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name not in names}


def _manifest(name: str, old: bytes | None, new: bytes | None) -> list[Change]:
    """Figures and lanes of a pack, one by one."""
    if old == new:
        return []
    before, after = _read(old), _read(new)
    said: list[Change] = []
    was, now = before.get("parameters") or {}, after.get("parameters") or {}
    for key in sorted(was.keys() | now.keys()):
        one, other = was.get(key) or {}, now.get(key) or {}
        label = str((other or one).get("label", key))
        unit = str((other or one).get("unit", ""))
        if not one or not other:
            said.append(
                Change(
                    name,
                    key,
                    "added" if other else "removed",
                    "",
                    f"{'新增' if other else '删去'}取值“{label}”",
                )
            )
        elif one.get("value") != other.get("value"):
            text = f"“{label}”由 {_plain(one.get('value'))} {unit}改为 {_plain(other.get('value'))} {unit}".rstrip()
            said.append(Change(name, key, "changed", "", text))
        elif one != other:
            said.append(Change(name, key, "changed", "", f"“{label}”的依据或说明有调整"))
    lanes, roles = before.get("lanes") or {}, after.get("lanes") or {}
    said += [
        Change(name, lane, "changed", lane, f"泳道“{lane}”对应的岗位有调整")
        for lane in sorted(lanes.keys() | roles.keys())
        if lanes.get(lane) != roles.get(lane)
    ]
    return said or [Change(name, "", "changed", "", "政策包的基本信息或说明有调整")]


def _read(data: bytes | None) -> dict[str, Any]:
    read = yaml.safe_load(data.decode()) if data else {}
    return read if isinstance(read, dict) else {}


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(_plain(one) for one in value)
    return "未定" if value is None else str(value)
