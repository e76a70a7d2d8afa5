"""Check models before they are deployed: all findings in one pass, in Chinese, never a traceback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from workflows.errors import ModelError
from workflows.model import constructs, reading, structure, surroundings
from workflows.model.context import Context
from workflows.model.graph import Bundle
from workflows.types import Finding


def check(files: Mapping[str, bytes], context: Context | None = None) -> list[Finding]:
    """Everything wrong with a bundle of models that can be seen without proving; nothing raises."""
    bundle, unreadable = reading.read(files)
    return in_order([*unreadable, *check_bundle(files, bundle, unreadable, context or Context())])


def check_bundle(
    files: Mapping[str, bytes], bundle: Bundle, unreadable: Iterable[Finding], context: Context
) -> list[Finding]:
    """The checks of a bundle that has been read."""
    found: list[Finding] = []
    for name, root in bundle.roots.items():
        found += structure.check_file(name, root, alone=context.alone)
        found += constructs.check_file(name, root)
    for process in bundle.processes.values():
        found += structure.check_process(process)
        found += constructs.check_process(process, bundle)
    found += surroundings.check(bundle, context)
    if not any(one.severity == "error" for one in (*unreadable, *found)):
        found += _engine(files, bundle)
    return found


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """By file and line, each only once."""
    return sorted(
        dict.fromkeys(found), key=lambda one: (one.file, one.line, one.element, one.rule, one.message)
    )


def _engine(files: Mapping[str, bytes], bundle: Bundle) -> Iterator[Finding]:
    """The engine's own parser has the last word."""
    from workflows.engine.model import Model  # the engine reads models with this package

    models = {name if name.endswith(".bpmn") else f"{name}.bpmn": files[name] for name in bundle.roots}
    models |= {name: data for name, data in files.items() if name.endswith(".dmn")}
    for key in bundle.starts():
        process = bundle.processes[key]
        try:
            Model.parse(models, key)
        except ModelError as error:
            yield Finding(process.file, process.xml.sourceline or 0, key, "error", "engine", str(error))
