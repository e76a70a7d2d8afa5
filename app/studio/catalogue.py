"""What a designer can choose from: lanes, forms, operators, tables, diagrams, and what steps give (设计目录)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from app.policy.packs import Pack
from app.runtime import handlers
from app.runtime.rules import role_name
from app.studio.variables import Sources, variables
from app.ui.forms import Form, FormError
from app.ui.forms import load as load_form
from workflows.approval import ACTS, USUAL
from workflows.errors import DecisionError, UnsafeXml
from workflows.model import decision
from workflows.model.xml import BPMN, parse

FUNCTIONS: Final[tuple[tuple[str, str], ...]] = (
    ("len", "个数"), ("min", "最小的"), ("max", "最大的"), ("sum", "合计"), ("abs", "绝对值"),
    ("round", "四舍五入"), ("number", "变成数字"), ("date", "变成日期"), ("today", "今天"),
    ("days_between", "两天相差几天"), ("count", "清单里有几个"), ("get", "按名称取值"), ("any", "有一个成立"),
    ("all", "全部成立"), ("due_in", "几个工作日后到期"),
    ("due_soon", "几个工作日到期，提前一个工作日"), ("iso_days", "几天，用于计时"), ("str", "变成文字"), ("int", "变成整数"),
)  # fmt: skip


def sources(files: Mapping[str, bytes]) -> Sources:
    """The files of a draft that can be read; the check tells of the others."""
    return Sources(_forms(files), _tables(files), _diagrams(files))


def of_draft(files: Mapping[str, bytes], pack: Pack) -> dict[str, Any]:
    """Everything the drawing board offers for a draft, as the browser reads it."""
    read = sources(files)
    return {
        "lanes": [{"name": lane, "role": role, "title": _role(role)} for lane, role in pack.lanes.items()],
        "forms": [_form(one) for one in read.forms.values()],
        "operators": [_operator(one) for one in handlers.operators()],
        "decisions": [_table(name, table) for name, table in read.tables.items()],
        "processes": [
            {
                "id": node.get("id"),
                "name": node.get("name") or node.get("id"),
                "file": name,
                "stem": name.removeprefix("process/").removesuffix(".bpmn"),
            }
            for name, root in read.diagrams.items()
            for node in root.iter(f"{{{BPMN}}}process")
        ],
        "variables": [asdict(one) for one in variables(read)],
        "functions": [{"name": name, "help": words} for name, words in FUNCTIONS],
        "acts": list(ACTS.items()),
        "usual": sorted(USUAL),
        "calls": _of_processes(read, "calledElement"),
        "labels": _of_processes(read, "name"),
        "names": _names(files, read),
    }


def _of_processes(read: Sources, attribute: str) -> dict[str, dict[str, str]]:
    """An attribute of the elements, by process and element: what is called, what it is named."""
    return {
        str(process.get("id")): {
            str(node.get("id")): str(node.get(attribute))
            for node in process.iter()
            if node.get("id") and node.get(attribute)
        }
        for root in read.diagrams.values()
        for process in root.iter(f"{{{BPMN}}}process")
    }


def _forms(files: Mapping[str, bytes]) -> dict[str, Form]:
    found: dict[str, Form] = {}
    for name, data in sorted(files.items()):
        if name.startswith("form/") and not name.endswith(".ui.json"):
            key = name.removeprefix("form/").removesuffix(".json")
            try:
                found[key] = load_form(data, files.get(f"form/{key}.ui.json", b"{}"), key)
            except FormError:
                continue
    return found


def _diagrams(files: Mapping[str, bytes]) -> dict[str, Any]:
    found = {}
    for name, data in sorted(files.items()):
        if name.endswith(".bpmn"):
            try:
                found[name] = parse(data)
            except UnsafeXml:
                continue
    return found


def _tables(files: Mapping[str, bytes]) -> dict[str, decision.DecisionTable]:
    found = {}
    for name, data in sorted(files.items()):
        if name.endswith(".dmn"):
            try:
                found[name] = decision.read(data)
            except DecisionError:
                continue
    return found


def _form(form: Form) -> dict[str, Any]:
    handler = handlers.form_handler(form.key)
    return {
        "key": form.key,
        "title": form.title,
        "handled": handler is not None,
        "outputs": list(handler.outputs) if handler else [one.key for one in form.fields],
    }


def _operator(one: handlers.Operator) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "help": one.help,
        "outputs": list(one.outputs),
        "parameters": [{"name": name, **asdict(parameter)} for name, parameter in one.parameters.items()],
    }


def _table(name: str, table: decision.DecisionTable) -> dict[str, Any]:
    return {
        "id": table.id,
        "name": table.name,
        "file": name.removeprefix("decision/").removesuffix(".dmn"),
        "inputs": [{"name": one.source, "label": one.label} for one in table.inputs],
        "outputs": [{"name": one.source, "label": one.label} for one in table.outputs],
    }


def _role(role: str) -> str:
    try:
        return role_name(role)
    except ValueError:  # a pack may name a role this version does not know; the check says so
        return role


def _names(files: Mapping[str, bytes], read: Sources) -> dict[str, str]:
    """What each file is called by people."""
    names = {name: name for name in files}
    for key, form in read.forms.items():
        names[f"form/{key}.json"] = names[f"form/{key}.ui.json"] = form.title
    names |= {file: table.name for file, table in read.tables.items()}
    for file, root in read.diagrams.items():
        process = next(iter(root.iter(f"{{{BPMN}}}process")), None)
        names[file] = str((process.get("name") if process is not None else "") or file)
    return names
