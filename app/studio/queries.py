"""Reads of the studio: processes, their versions, who runs on which."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from app.core.db import session
from app.core.errors import NotFound
from app.runtime import definitions
from app.runtime.models import Case, Definition, Publication
from workflows.errors import UnsafeXml
from workflows.model import xml


@dataclass(frozen=True, slots=True)
class Process:
    """One way of working: the versions of a start process of a pack, the newest first.

    Attributes:
        running: cases that run on each version, by its id.
    """

    pack_key: str
    key: str
    title: str
    versions: Sequence[Definition]
    running: dict[int, int]

    @property
    def current(self) -> Definition | None:
        """The version new cases start with."""
        return next((one for one in self.versions if one.state == "published"), None)


def processes() -> list[Process]:
    """All ways of working, by pack and name."""
    found: dict[tuple[str, str], list[Definition]] = {}
    for row in session().scalars(select(Definition).order_by(Definition.no.desc())):
        found.setdefault((row.pack_key, row.process_key), []).append(row)
    running = _running()
    return [
        Process(pack, key, versions[0].title, versions, running)
        for (pack, key), versions in sorted(found.items())
    ]


def process(pack_key: str, process_key: str) -> Process:
    """One way of working.

    Raises:
        NotFound: no version of it is known.
    """
    for one in processes():
        if (one.pack_key, one.key) == (pack_key, process_key):
            return one
    raise NotFound


def version(definition_id: int) -> Definition:
    """A version by its id.

    Raises:
        NotFound: there is none.
    """
    found = session().get(Definition, definition_id)
    if found is None:
        raise NotFound
    return found


def version_files(definition_id: int) -> Mapping[str, bytes]:
    """The files of a version.

    Raises:
        NotFound: there is no such version.
    """
    return definitions.bundle(version(definition_id).id).files


def places_of(definition_id: int) -> list[tuple[str, str]]:
    """File and process id of each drawing of a version."""
    found = []
    for name, data in version_files(definition_id).items():
        if name.endswith(".bpmn"):
            root = xml.parse(data)
            found += [(name, str(n.get("id"))) for n in root.iter() if xml.local(n) == "process"]
    return found


def calls_of(definition_id: int) -> dict[str, dict[str, str]]:
    """The called process by process and calling element of a version."""
    return {
        str(process.get("id")): {
            str(node.get("id")): str(node.get("calledElement"))
            for node in process.iter()
            if node.get("calledElement")
        }
        for name, data in version_files(definition_id).items()
        if name.endswith(".bpmn")
        for process in xml.parse(data).iter()
        if xml.local(process) == "process"
    }


def title_in(definition_id: int, name: str) -> str:
    """What a file of a version is called by people."""
    return title_of(name, version_files(definition_id)[name])


def acts_of(process: Process) -> list[Publication]:
    """Every act that put one of its versions in force, the newest first."""
    ids = [one.id for one in process.versions]
    query = select(Publication).where(Publication.definition_id.in_(ids)).order_by(Publication.id.desc())
    return list(session().scalars(query))


def _running() -> dict[int, int]:
    query = (
        select(Case.definition_id, func.count()).where(Case.status == "running").group_by(Case.definition_id)
    )
    return {definition: count for definition, count in session().execute(query)}


def title_of(name: str, data: bytes) -> str:
    """What a file is called by people: the process's, the table's or the form's name."""
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    try:
        if name.endswith(".json"):
            read = json.loads(data)
            return str(read.get("title") or stem) if isinstance(read, dict) else stem
        root = xml.parse(data)
    except (UnsafeXml, ValueError):
        return stem
    wanted = "process" if name.endswith(".bpmn") else "decision"
    return next((str(n.get("name")) for n in root.iter() if xml.local(n) == wanted and n.get("name")), stem)
