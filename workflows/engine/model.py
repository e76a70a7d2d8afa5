"""A parsed model: specifications, decision tables, and what a reader of the drawing needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask

from workflows.engine.parsing import Parser
from workflows.errors import DecisionError, ModelError, UnsafeXml
from workflows.model import decision
from workflows.model.xml import BPMN, local, parse


@dataclass(frozen=True, slots=True)
class Element:
    """What the drawing says of an element."""

    kind: str
    name: str
    called: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of people as drawn."""

    element: str
    title: str
    process: str
    lane: str | None
    form: str | None


@dataclass(frozen=True, slots=True)
class Model:
    """A process with all it calls, parsed once; shared read-only by all instances and threads."""

    process: str
    spec: Any
    subs: Mapping[str, Any]
    elements: Mapping[str, Mapping[str, Element]]
    titles: Mapping[str, str]

    @classmethod
    def parse(cls, files: Mapping[str, bytes], process: str) -> Model:
        """Parse a bundle of BPMN and DMN files.

        Args:
            files: contents by name, ending in .bpmn or .dmn.
            process: id of the process to start.

        Raises:
            ModelError: unsafe or broken files, a missing process, called diagram or table.
        """
        try:
            tables = {
                table.id: table
                for table in (
                    decision.read(data) for name, data in sorted(files.items()) if name.endswith(".dmn")
                )
            }
            parser = Parser(tables)
            elements: dict[str, Mapping[str, Element]] = {}
            titles: dict[str, str] = {}
            for name, data in sorted(files.items()):
                if not name.endswith(".bpmn"):
                    continue
                root = parse(data)
                parser.add_bpmn_xml(root, name)
                for node in root.iter(f"{{{BPMN}}}process"):
                    key = str(node.get("id"))
                    elements[key] = _elements(node)
                    titles[key] = str(node.get("name") or key)
            spec, subs = parser.get_spec(process), parser.get_subprocess_specs(process)
        except (UnsafeXml, DecisionError) as error:
            raise ModelError(str(error)) from error
        except ValidationException as error:
            raise ModelError(f"{getattr(error, 'id', '') or ''} {error}".strip()) from error
        except Exception as error:  # the library raises whatever its own parser stumbles over
            raise ModelError(f"流程图无法读取：{error}") from error
        for one in (spec, *subs.values()):
            _connect(one)
        return cls(process, spec, subs, elements, titles)

    def operator(self, process: str, element: str) -> str | None:
        """Name of the operator a service task runs, None for other elements."""
        spec = self.spec if process == self.spec.name else self.subs.get(process)
        task = (
            next((one for one in spec.task_specs.values() if one.bpmn_id == element), None) if spec else None
        )
        name = getattr(task, "operation_name", None)
        return str(name) if name else None

    def calls(self, process: str) -> dict[str, str]:
        """Call activities of a process: element id → called process."""
        return {
            key: element.called
            for key, element in self.elements.get(process, {}).items()
            if element.called is not None
        }

    def steps(self) -> list[Step]:
        """Every step of people in this process and all it calls."""
        made = []
        for spec in (self.spec, *self.subs.values()):
            for task in spec.task_specs.values():
                properties = (getattr(task, "extensions", None) or {}).get("properties") or {}
                form = (properties.get("formJsonSchemaFilename") or "").removesuffix(".json") or None
                if task.manual and task.bpmn_id:
                    made.append(
                        Step(task.bpmn_id, task.bpmn_name or task.bpmn_id, spec.name, task.lane, form)
                    )
        return made

    def title(self, process: str) -> str:
        """The name of a process as people read it."""
        return self.titles.get(process, process)


def _elements(process: etree._Element) -> dict[str, Element]:
    return {
        str(node.get("id")): Element(local(node), str(node.get("name") or ""), node.get("calledElement"))
        for node in process.iter()
        if node.get("id") and isinstance(node.tag, str)
    }


def _connect(spec: Any) -> None:
    """Connect multi-instance callbacks now: doing it lazily on the shared specification races."""
    for task_spec in spec.task_specs.values():
        if isinstance(task_spec, LoopTask):
            inner = spec.task_specs[task_spec.task_spec].completed_event
            if not inner.is_connected(task_spec.merge_child):
                inner.connect(task_spec.merge_child)
