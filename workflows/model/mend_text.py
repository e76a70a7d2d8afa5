"""Mends of what is written on elements: times, expressions, settings of other tools, a picture that is missing."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from workflows import expressions
from workflows.errors import ExpressionError
from workflows.model.constructs import FOREIGN, OTHER_TOOLS, literal_time
from workflows.model.graph import NODES
from workflows.model.mend_work import B, S, Work, title
from workflows.model.xml import local

JUEL: Final = ((re.compile(r"&&"), " and "), (re.compile(r"\|\|"), " or "), (re.compile(r"!(?!=)"), " not "))
LOCAL: Final = re.compile(r"(\d{4}-\d\d-\d\d)(T[\d:]+)?")
HERE: Final = "+08:00"


def quote_timers(work: Work) -> None:
    """Literal times are quoted, as the engine reads them; days and hours without a zone are Beijing's."""
    for node in work.root.iter(f"{B}timeDate", f"{B}timeDuration", f"{B}timeCycle"):
        text = (node.text or "").strip()
        if literal_time(local(node), text):
            node.text = f'"{_here(text)}"'
            owner = node.getparent().getparent()
            more = "" if _here(text) == text else "，并写明是北京时间"
            work.note("quote-timer", owner, f"“{title(owner)}”的时间 {text} 已加引号{more}")


def zone_timers(work: Work) -> None:
    """Days and hours without a zone are Beijing's."""
    for node in work.root.iter(f"{B}timeDate"):
        text = (node.text or "").strip()
        told = text[1:-1]
        if text[:1] in ("'", '"') and _here(told) != told:
            node.text = f'"{_here(told)}"'
            owner = node.getparent().getparent()
            work.note("timer-zone", owner, f"“{title(owner)}”的时间已写明是北京时间：{node.text}")


def _here(text: str) -> str:
    """A day or hour without a zone, with Beijing's; anything else as it is."""
    told = LOCAL.fullmatch(text)
    return f"{told[1]}{told[2] or 'T00:00:00'}{HERE}" if told else text


def drop_retries(work: Work) -> None:
    """Retries that the engine does not make: what is sent outside is sent again by the outbox."""
    for node in list(work.root.iter(f"{S}retry")):
        owner = next((one for one in node.iterancestors() if local(one) in NODES), work.root)
        node.getparent().remove(node)
        work.note("retries", owner, f"“{title(owner)}”的重试设置已去掉")


def foreign_expressions(work: Work) -> None:
    """`${amount > 100 && ok}` of other tools in the closed language."""
    for node in work.root.iter():
        if local(node) not in ("conditionExpression", "loopCardinality", "timeDate", "timeDuration"):
            continue
        text = (node.text or "").strip()
        if not FOREIGN.fullmatch(text):
            continue
        inner = text[2:-1].strip()
        for pattern, word in JUEL:
            inner = pattern.sub(word, inner)
        inner = " ".join(inner.split())
        try:
            expressions.check(inner)
        except ExpressionError:
            continue  # not to be had by changing signs: it stays a finding
        node.text = inner
        owner = node.getparent()
        work.note("foreign-expression", owner, f"表达式 {text} 已改写为 {node.text}")


def data_stores(work: Work) -> None:
    """A data store becomes a text annotation in its place; arrows to it become associations."""
    for store in list(work.root.iter(f"{B}dataStoreReference")):
        key, name = str(store.get("id")), store.get("name") or str(store.get("id"))
        for tag in ("dataStoreRef", "itemSubjectRef", "name"):
            store.attrib.pop(tag, None)
        store.tag = f"{B}textAnnotation"
        for child in list(store):
            store.remove(child)
        etree.SubElement(store, f"{B}text").text = f"数据：{name}"
        part = store.getparent()
        part.append(store)  # artifacts come last
        for end in ("sourceRef", "targetRef"):
            for reference in list(work.root.iter(f"{B}{end}")):
                link = reference.getparent()
                if (reference.text or "").strip() != key or "Association" not in local(link):
                    continue
                step = link.getparent()
                made = etree.SubElement(
                    part, f"{B}association", id=str(link.get("id") or work.fresh("Association"))
                )
                made.set("sourceRef", str(step.get("id")))
                made.set("targetRef", key)
                step.remove(link)
        work.note("data-store", store, f"引擎没有数据存储：“{name}”已改成文字注释")


def foreign_extensions(work: Work) -> None:
    """What other tools say of a step in our words; their own settings stay in the file untouched."""
    for node in work.root.iter():
        if not isinstance(node.tag, str) or local(node) not in NODES:
            continue
        told = {
            etree.QName(name).localname: str(value)
            for name, value in node.attrib.items()
            if any(tool in (etree.QName(name).namespace or "") for tool in OTHER_TOOLS)
        }
        if local(node) in ("userTask", "manualTask") and told.get("formKey"):
            form = re.sub(r"[^A-Za-z0-9_.-]", "_", told["formKey"].rsplit(":", 1)[-1].rsplit("/", 1)[-1])
            form = form.removesuffix(".json").removesuffix(".html")
            if _property(node, "formJsonSchemaFilename", f"{form}.json"):
                work.note("foreign-extension", node, f"“{title(node)}”的表单 {told['formKey']} 已改为 {form}")
        who = told.get("assignee") or told.get("candidateGroups") or told.get("candidateUsers")
        if who:
            work.note("foreign-extension", node, f"“{title(node)}”原由“{who}”办理，请放进相应的泳道")
        if told.get("decisionRef") and not list(node.iter(f"{S}calledDecisionId")):
            etree.SubElement(_extensions(node), f"{S}calledDecisionId").text = told["decisionRef"]
            work.note(
                "foreign-extension", node, f"“{title(node)}”的决策表 {told['decisionRef']} 已转为本系统写法"
            )
        for name in ("class", "delegateExpression", "expression", "topic"):
            if told.get(name):
                work.note(
                    "foreign-extension",
                    node,
                    f"“{title(node)}”原来执行 {told[name]}，请从目录里选择自动步骤",
                )


def _property(node: etree._Element, name: str, value: str) -> bool:
    """Give a step a property it does not have yet."""
    extensions = _extensions(node)
    holder = next(iter(extensions.findall(f"{S}properties")), None)
    if holder is None:
        holder = etree.SubElement(extensions, f"{S}properties")
    if any(one.get("name") == name for one in holder):
        return False
    etree.SubElement(holder, f"{S}property", name=name, value=value)
    return True


def _extensions(node: etree._Element) -> etree._Element:
    found = node.find(f"{B}extensionElements")
    if found is None:
        found = etree.Element(f"{B}extensionElements")
        place = 1 if len(node) and local(node[0]) == "documentation" else 0
        node.insert(place, found)
    return found


def picture(work: Work) -> None:
    """A file without a picture gets one in the order of its steps."""
    made = work.drawing.draw(work.fresh)
    if made:
        work.note("add-picture", work.root, f"文件里没有图形，已按先后顺序排出 {made} 个元素，请调整位置")
