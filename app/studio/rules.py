"""Who may change what in the studio, and which files a draft may hold."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import yaml

from app.core.errors import YES, Decision, Refusal, no
from app.core.identity import Actor, Role
from workflows.errors import UnsafeXml
from workflows.model import xml

MAX_FILE = 2 * 1024 * 1024
MAX_FILES = 600
MAX_TOTAL = 24 * 1024 * 1024
NAME = re.compile(
    r"(?:process|decision|form|documents|tests)/[A-Za-z0-9_][A-Za-z0-9_.-]{0,90}\.(?:bpmn|dmn|json)"
    r"|(?:[a-z][a-z0-9-]{0,38}/)?(?:pack|constraints)\.yaml"
    r"|[a-z][a-z0-9_-]{0,38}\.csv"
)
SUFFIX_OF: Mapping[str, tuple[str, ...]] = {
    "process": (".bpmn",),
    "decision": (".dmn", ".json"),
    "form": (".json",),
    "tests": (".json",),
}
LAW = "law-cn/"
OWNERS = frozenset({Role.CITY_OFFICER})
"""Those who own a pack: they alone change what the law's layer and the constraints say."""
FREE_SOURCES = frozenset({"local_decision", "demo"})
"""Figures that the office itself decides; any other comes from a text that a designer cannot change."""


def name_allowed(name: str) -> Decision:
    """A file's place in a pack: one of the known folders, plain letters, a known kind."""
    if not NAME.fullmatch(name) or ".." in name:
        return no(
            f"文件名“{name[:80]}”不能用：只能是 process、decision、form、documents、tests 文件夹里的 .bpmn、.dmn、.json 文件，文件名用英文字母、数字、点和横线。",
            field="name",
        )
    wanted = SUFFIX_OF.get(name.split("/", maxsplit=1)[0])
    if wanted and not name.endswith(wanted):
        return no(f"“{name}”放错了文件夹，请检查文件类型。", field="name")
    return YES


def require_content(name: str, data: bytes) -> None:
    """What a draft keeps can be read: bounded UTF-8 text, harmless XML, whole JSON or YAML. It may be wrong.

    Raises:
        Refusal: says what cannot be read, with its line.
    """
    if len(data) > MAX_FILE:
        raise Refusal("文件超过 2 MB，请拆分后再保存。", field="file")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal(f"“{name}”不是 UTF-8 编码的文本，请转换编码后再保存。", field="file") from error
    if "\x00" in text:
        raise Refusal(f"“{name}”含有不能识别的字符。", field="file")
    try:
        if name.endswith((".bpmn", ".dmn")):
            xml.parse(data)
        elif name.endswith(".json"):
            _json(text)
        elif name.endswith(".yaml") and not isinstance(yaml.safe_load(text), dict | list):
            raise Refusal(f"“{name}”里没有可用的内容。", field="file")
    except UnsafeXml as error:
        where = f"第 {error.line} 行：" if error.line else ""
        raise Refusal(f"“{name}”不能保存。{where}{error}", field="file") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Refusal(
            f"“{name}”写法有误{f'（第 {mark.line + 1} 行）' if mark else ''}，没有保存。", field="file"
        ) from error


def _json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        raise Refusal(f"写法有误（第 {line} 行），没有保存：内容不是完整的 JSON。", field="file") from error
    except RecursionError as error:
        raise Refusal("内容嵌套层次过深，没有保存。", field="file") from error


def may_change_file(actor: Actor, name: str, before: bytes | None, after: bytes | None) -> Decision:
    """What the law's layer, the constraints and figures of a regulation say is changed by the pack's owner only."""
    if any(actor.has(role) for role in OWNERS):
        return YES
    if name.startswith(LAW):
        return no("全国通用规则由政策包负责人（市民政）维护，设计人员不能修改。", field="file")
    base = name.rsplit("/", 1)[-1]
    if base == "constraints.yaml":
        return no("法定约束由政策包负责人（市民政）维护，设计人员不能修改。", field="file")
    if base == "pack.yaml" and _fixed(before) != _fixed(after):
        return no(
            "政策包里的约束、依据和法规规定的数值由政策包负责人（市民政）维护；设计人员只能改“本单位决定”的数值。",
            field="file",
        )
    return YES


def _fixed(manifest: bytes | None) -> dict[str, Any]:
    """The part of a pack's manifest that no designer changes."""
    read = yaml.safe_load(manifest.decode()) if manifest else {}
    if not isinstance(read, dict):
        return {"": str(read)}
    kept: dict[str, Any] = {key: value for key, value in read.items() if key not in ("parameters", "lanes")}
    parameters = read.get("parameters")
    for key, value in parameters.items() if isinstance(parameters, Mapping) else ():
        if not isinstance(value, Mapping) or value.get("source", "local_decision") not in FREE_SOURCES:
            kept[f"parameter {key}"] = value
    return kept


def may_edit(
    state: str, lock_by: int | None, lock_until: datetime | None, actor: Actor, now: datetime
) -> Decision:
    """A draft is changed while it is being edited, by one person at a time."""
    if state != "editing":
        return no("草稿已提交审批或已结束，不能再修改。需要修改请先撤回提交。")
    if lock_by is not None and lock_by != actor.person_id and lock_until is not None and lock_until > now:
        return no("另一位同事正在修改这份草稿，您现在只能查看。")
    return YES


def may_approve(actor: Actor, author_id: int | None, writers: Collection[int | None]) -> Decision:
    """A second person approves: nobody who has written any of the change (第二人审批)."""
    if actor.person_id is None or actor.person_id == author_id or actor.person_id in writers:
        return no("不能审批或发布自己参与修改的流程，请由另一名有权限的人员办理。")
    return YES
