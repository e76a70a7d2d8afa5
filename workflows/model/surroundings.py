"""Checks against what surrounds a diagram: calls, decisions, forms, lanes, operators, variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workflows import expressions
from workflows.errors import ExpressionError
from workflows.model.context import Context
from workflows.model.graph import PEOPLE, Bundle, Node, Process, finding
from workflows.model.values import Writers
from workflows.model.xml import local
from workflows.types import Finding

TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")


def check(bundle: Bundle, context: Context) -> Iterator[Finding]:
    """Everything a model needs from its surroundings and does not find."""
    missing = "warning" if context.alone else "error"
    for key, schema in bundle.forms.items():
        if schema is not None and not key.endswith(".ui"):
            yield from _schema(bundle.form_files[key], key, schema)
    for process in bundle.processes.values():
        for node in process.all_nodes():
            yield from _called(node, bundle)
            yield from _operator(node, context)
            if node.kind in PEOPLE:
                yield from _form(node, bundle, context, missing)
                yield from _lane(node, context, missing)
    yield from _circles(bundle)
    yield from _unwritten(bundle, context)


def _called(node: Node, bundle: Bundle) -> Iterator[Finding]:
    if node.kind == "callActivity" and node.called not in bundle.processes:
        yield finding(node, "missing-call", f"“{node.title}”调用的流程“{node.called}”不存在")
    if node.kind == "businessRuleTask" and node.decision not in bundle.tables:
        yield finding(node, "missing-decision", f"“{node.title}”使用的决策表“{node.decision}”不存在")


def _operator(node: Node, context: Context) -> Iterator[Finding]:
    if node.kind != "serviceTask":
        return
    if not node.operator:
        yield finding(node, "no-operator", f"“{node.title}”没有选择自动步骤")
        return
    if context.operators is None:
        return
    facts = context.operators.get(node.operator)
    if facts is None:
        yield finding(node, "unknown-operator", f"“{node.title}”的自动步骤“{node.operator}”不在目录里")
        return
    for name in sorted(set(node.parameters) - set(facts.parameters)):
        yield finding(node, "operator-parameter", f"“{node.title}”：自动步骤没有参数“{name}”")
    for name in sorted(set(facts.parameters) - set(node.parameters)):
        yield finding(node, "operator-parameter", f"“{node.title}”：没有填参数“{name}”")


def _form(node: Node, bundle: Bundle, context: Context, missing: str) -> Iterator[Finding]:
    if not node.form:
        yield finding(node, "no-form", f"“{node.title}”没有表单，办理时只有一个意见框", "warning")
    elif node.form not in bundle.forms:
        yield finding(node, "missing-form", f"“{node.title}”的表单“{node.form}”不存在", missing)


def _lane(node: Node, context: Context, missing: str) -> Iterator[Finding]:
    if context.lanes is None and not context.alone:
        return
    if not node.lane:
        yield finding(node, "no-lane", f"“{node.title}”不在任何泳道里，不知道由谁办理", missing)
    elif context.lanes is not None and node.lane not in context.lanes:
        yield finding(node, "unknown-lane", f"“{node.title}”的泳道“{node.lane}”没有对应的角色", missing)


def _schema(file: str, key: str, schema: Mapping[str, Any]) -> Iterator[Finding]:
    """A form schema as pages can show it: an object of fields, each with its kind."""

    def wrong(message: str) -> Finding:
        return Finding(file, 0, key, "error", "form-schema", f"表单“{key}”：{message}")

    properties = schema.get("properties", {})
    if schema.get("type") != "object" or not isinstance(properties, dict):
        yield wrong("须是 type 为 object 的对象，各项写在 properties 里")
        return
    for name, told in properties.items():
        if not isinstance(told, dict):
            yield wrong(f"“{name}”的内容须是一个对象")
            continue
        kind = told.get("type")
        if kind is not None and (
            not isinstance(kind, str | list)
            or not set([kind] if isinstance(kind, str) else kind) <= set(TYPES)
        ):
            yield wrong(f"“{name}”的种类“{kind}”不认识")
        values = told.get("enum") or [
            one.get("const") for one in told.get("oneOf") or [] if isinstance(one, dict) and "const" in one
        ]
        if isinstance(values, list) and len({repr(value) for value in values}) < len(values):
            yield wrong(f"“{name}”的选项有重复")
    required = schema.get("required", [])
    if not isinstance(required, list):
        yield wrong("required 须是一个列表")
        return
    for name in required:
        if name not in properties:
            yield wrong(f"必填项“{name}”不在表单里")


def _circles(bundle: Bundle) -> Iterator[Finding]:
    """Diagrams that call each other in a circle."""
    calls = {
        key: {node.called for node in process.all_nodes() if node.called in bundle.processes}
        for key, process in bundle.processes.items()
    }
    for key, process in bundle.processes.items():
        seen: set[str] = set()
        todo = list(calls[key])
        while todo:
            other = todo.pop()
            if other not in seen:
                seen.add(other)
                todo += calls[other]
        if key in seen:
            node = next(
                n
                for n in process.all_nodes()
                if n.called and (n.called == key or key in _below(calls, n.called))
            )
            yield finding(node, "recursive-call", f"流程“{process.name or key}”直接或间接地调用自己")


def _below(calls: Mapping[str, set[str]], key: str) -> set[str]:
    seen: set[str] = set()
    todo = list(calls.get(key, ()))
    while todo:
        other = todo.pop()
        if other not in seen:
            seen.add(other)
            todo += calls.get(other, ())
    return seen


def _unwritten(bundle: Bundle, context: Context) -> Iterator[Finding]:
    """Variables that a gateway, a timer or a count reads and nothing ever writes."""
    writers = Writers(bundle, context)
    written = set(context.initial or ())
    for node in bundle.nodes():
        written |= set(writers.of(node))
        if node.multi:
            written |= {str(item.get("name")) for item in node.xml.iter() if local(item) == "inputDataItem"}
    sure = context.initial is not None and not context.alone
    for process in bundle.processes.values():
        for owner, source, what in _readers(process):
            try:
                lost = sorted(expressions.check(source) - written)
            except ExpressionError:
                continue  # told where expressions are checked
            if lost:
                yield finding(
                    owner,
                    "unwritten",
                    f"{what}用到的变量没有任何步骤填写：{'、'.join(lost)}",
                    "error" if sure else "warning",
                )


def _readers(process: Process) -> Iterator[tuple[Any, str, str]]:
    for part in process.all_parts():
        for flow in part.flows.values():
            source = part.nodes.get(flow.source)
            if flow.condition and source is not None:
                yield flow, flow.condition, f"“{source.title}”的条件"
        for node in part.nodes.values():
            if node.timer[1]:
                yield node, node.timer[1], f"“{node.title}”的时间"
            if node.times:
                yield node, node.times, f"“{node.title}”的人数"
