"""The Zhuhai pack as proofs see it, with the house's own catalogue, and changes to its diagrams."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from lxml import etree

from app.policy.packs import Pack, load_folder
from app.runtime import judging
from app.web import HANDLERS
from config import ROOT
from workflows.model.context import Context
from workflows.model.xml import BPMN, SPIFF

FOLDERS = ("process", "decision", "form")


@cache
def pack() -> Pack:
    """The pack as its folder holds it."""
    return load_folder(ROOT / "bpmn", "zhuhai")


@cache
def surroundings() -> Context:
    """The context of the Zhuhai pack."""
    for register in HANDLERS:
        register()
    return judging.context(pack())


@cache
def files() -> Mapping[str, bytes]:
    """The models of the Zhuhai pack."""
    return {name: data for name, data in pack().files.items() if name.split("/")[0] in FOLDERS}


class Edit:
    """One diagram of the pack, changed as a designer might."""

    def __init__(self, name: str) -> None:
        self.name = f"process/{name}.bpmn"
        self.root = etree.fromstring(files()[self.name])
        self.process = self.root.find(f"{{{BPMN}}}process")
        self.count = 0

    def get(self, key: str) -> etree._Element:
        return next(node for node in self.process.iter() if node.get("id") == key)

    def add(self, xml: str) -> Edit:
        """Elements by their XML."""
        text = f'<x xmlns:bpmn="{BPMN}" xmlns:spiffworkflow="{SPIFF}">{xml}</x>'
        for node in list(etree.fromstring(text)):
            self.process.append(node)
        return self

    def flow(self, source: str, target: str, when: str = "") -> Edit:
        self.count += 1
        key = f"n{self.count}_{source}_{target}"
        node = etree.SubElement(
            self.process, f"{{{BPMN}}}sequenceFlow", id=key, sourceRef=source, targetRef=target
        )
        if when:
            etree.SubElement(node, f"{{{BPMN}}}conditionExpression").text = when
        return self

    def turn(self, source: str, target: str, new: str) -> Edit:
        """Lead an arrow to another element."""
        for node in self.process.findall(f"{{{BPMN}}}sequenceFlow"):
            if (node.get("sourceRef"), node.get("targetRef")) == (source, target):
                node.set("targetRef", new)
                return self
        raise KeyError((source, target))

    def remove(self, key: str) -> Edit:
        """An element with its arrows."""
        for node in list(self.process):
            if key in (node.get("id"), node.get("sourceRef"), node.get("targetRef")):
                self.process.remove(node)
        return self

    def bundle(self, *others: Edit) -> dict[str, bytes]:
        """All models, with these changes."""
        return {**files(), **{one.name: etree.tostring(one.root) for one in (self, *others)}}
