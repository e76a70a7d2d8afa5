"""Models as they are published: immutable versions, parsed once per process."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from sqlalchemy import case, func, or_, select, true

from app.audit.services import record
from app.core import clock
from app.core.db import place, session, unit_of_work
from app.core.errors import Fault, Refusal, require_all
from app.core.identity import Actor
from app.runtime import lawful
from app.runtime.models import Definition
from app.runtime.publication import put_in_force
from app.ui import forms
from workflows.engine import Model
from workflows.errors import ModelError
from workflows.model import xml

CACHE_SIZE = 64
MODEL_FOLDERS = ("process", "decision", "form", "tests")
"""Folders of a pack whose files a version of a model holds."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A definition ready to run: the parsed model and its files."""

    id: int
    pack_key: str
    process_key: str
    no: int
    title: str
    model: Model
    files: Mapping[str, bytes]
    _forms: dict[str | None, forms.Form] = field(default_factory=dict, repr=False, compare=False)

    def form(self, key: str | None) -> forms.Form:
        """The form of a key; a step without a form shows a remark box."""
        if key not in self._forms:
            self._forms[key] = self._load(key)
        return self._forms[key]

    def _load(self, key: str | None) -> forms.Form:
        schema = self.files.get(f"form/{key}.json")
        if schema is None:
            schema, ui = REMARK
        else:
            ui = self.files.get(f"form/{key}.ui.json", b"{}")
        return forms.load(schema, ui, key or "remark")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version comes from: who made it, who approved it, with which pack it belongs together.

    Attributes:
        accepted: reasons for publishing what the drawing allows and the data do not, by constraint.
    """

    author_id: int | None
    approved_by: int | None = None
    pack_version_id: int | None = None
    notes: str = ""
    accepted: Mapping[str, str] = field(default_factory=dict)


REMARK = (
    orjson.dumps(
        {
            "type": "object",
            "properties": {"opinion": {"type": "string", "title": "办理意见", "maxLength": 2000}},
        }
    ),
    orjson.dumps({"opinion": {"ui:widget": "textarea"}}),
)

_cache: OrderedDict[tuple[str, int], Bundle] = OrderedDict()
_lock = threading.Lock()


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """Files in the one form in which a version is stored and hashed."""
    return orjson.dumps({name: data.decode() for name, data in files.items()}, option=orjson.OPT_SORT_KEYS)


def bundle(definition_id: int) -> Bundle:
    """The parsed definition, from memory when this process has seen it."""
    key = (place(), definition_id)
    with _lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    row = (
        session()
        .execute(
            select(
                Definition.pack_key, Definition.process_key, Definition.no, Definition.title, Definition.files
            ).where(Definition.id == definition_id)
        )
        .one_or_none()
    )
    if row is None:
        raise Fault(f"流程版本 {definition_id} 不存在")
    files = {name: text.encode() for name, text in orjson.loads(zlib.decompress(row.files)).items()}
    made = Bundle(
        definition_id, row.pack_key, row.process_key, row.no, row.title, _parse(files, row.process_key), files
    )
    with _lock:
        _cache[key] = made
        while len(_cache) > CACHE_SIZE:
            _cache.popitem(last=False)
    return made


def forget() -> None:
    """Drop what is cached: for tests and for another database in the same process."""
    with _lock:
        _cache.clear()


def _parse(files: Mapping[str, bytes], process_key: str) -> Model:
    models = {name: data for name, data in files.items() if name.endswith((".bpmn", ".dmn"))}
    return Model.parse(models, process_key)


def deploy(
    actor: Actor,
    *,
    pack_key: str,
    process_key: str,
    title: str,
    files: Mapping[str, bytes],
    publish: bool,
    lanes: Mapping[str, str] | None = None,
    origin: Origin | None = None,
) -> Definition:
    """Keep a new version of a model, not yet in force, or put it in force at once (部署).

    Deploying the same files again answers the version that holds them.

    Args:
        publish: put it in force at once; allowed in demo and test only, which the caller knows.
        lanes: role by lane name, as the pack says; what the street decides has to lie in its lanes (ZH-02b).
        origin: who made and who approved it, when it comes out of the studio.

    Raises:
        Refusal: if the model cannot be run, or decides outside the street.
    """
    origin = origin or Origin(author_id=actor.person_id)
    require_runnable(files, process_key, lanes)
    raw = pack_files(files)
    digest = hashlib.sha256(raw).hexdigest()
    with unit_of_work() as db:
        known = db.scalar(
            select(Definition).where(
                Definition.pack_key == pack_key,
                Definition.process_key == process_key,
                Definition.sha256 == digest,
                Definition.pack_version_id == origin.pack_version_id if origin.pack_version_id else true(),
            )
        )
        if known is not None:
            return known
        last = db.scalar(
            select(func.max(Definition.no)).where(
                Definition.pack_key == pack_key, Definition.process_key == process_key
            )
        )
        row = Definition(
            pack_key=pack_key,
            process_key=process_key,
            no=(last or 0) + 1,
            title=title,
            sha256=digest,
            files=zlib.compress(raw, 6),
            state="draft",
            created_at=clock.now(),
            created_by=origin.author_id,
            approved_by=origin.approved_by,
            pack_version_id=origin.pack_version_id,
            notes=origin.notes,
            accepted=dict(origin.accepted) or None,
        )
        db.add(row)
        db.flush()
        record(
            f"definition:{row.id}",
            "runtime.deploy",
            actor=actor,
            subject=f"{process_key} v{row.no}",
            after={"sha256": digest, "no": row.no},
        )
        if publish:
            put_in_force(actor, row, "published")
        return row


def require_runnable(
    files: Mapping[str, bytes], process_key: str, lanes: Mapping[str, str] | None = None
) -> None:
    """Refuse what the engine cannot run.

    Raises:
        Refusal: a diagram, table or form is broken, or something is decided outside the street (ZH-02b).
    """
    try:
        model = _parse(files, process_key)
        for name in files:
            if name.startswith("form/") and name.endswith(".json") and not name.endswith(".ui.json"):
                key = name.removeprefix("form/").removesuffix(".json")
                forms.load(files[name], files.get(f"form/{key}.ui.json", b"{}"), key)
    except (ModelError, forms.FormError) as error:
        raise Refusal(f"流程图或表单有误，不能部署：{error}") from error
    if lanes is not None:
        require_all(lawful.findings(model, lanes))


def all_in_force() -> list[int]:
    """Ids of the versions in force, of all processes."""
    query = select(Definition.id).where(Definition.state == "published").order_by(Definition.id)
    return list(session().scalars(query))


def in_force(pack_key: str, process_key: str) -> int:
    """Id of the version that new cases start with, by the moment it is valid from.

    Raises:
        Refusal: if none is published.
    """
    due = (Definition.state == "scheduled") & (Definition.valid_from <= clock.now())
    found = session().scalar(
        select(Definition.id)
        .where(
            Definition.pack_key == pack_key,
            Definition.process_key == process_key,
            or_(Definition.state == "published", due),
        )
        .order_by(case((Definition.state == "scheduled", 0), else_=1), Definition.valid_from.desc())
        .limit(1)
    )
    if found is None:
        raise Refusal("这个流程还没有发布，暂时不能发起。请联系流程管理人员。")
    return found


def start_processes(files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Ids and names of the processes that nothing calls."""
    found: dict[str, str] = {}
    called: set[str] = set()
    for name, data in files.items():
        if not name.endswith(".bpmn"):
            continue
        root = xml.parse(data)
        for process in root.iter(f"{{{xml.BPMN}}}process"):
            if process.get("isExecutable") == "true":
                found[str(process.get("id"))] = str(process.get("name") or process.get("id"))
        called.update(str(call.get("calledElement")) for call in root.iter(f"{{{xml.BPMN}}}callActivity"))
    return [(key, title) for key, title in found.items() if key not in called]
