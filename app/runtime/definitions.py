"""Models as they are published: immutable versions, parsed once per process."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from sqlalchemy import func, select, update

from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Fault, Forbidden, Refusal, require_all
from app.core.identity import Actor
from app.runtime import lawful
from app.runtime.models import Definition
from app.ui import forms
from workflows.engine import Model
from workflows.errors import ModelError

CACHE_SIZE = 64
MODEL_FOLDERS = ("process", "decision", "form")
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


REMARK = (
    orjson.dumps(
        {
            "type": "object",
            "properties": {"opinion": {"type": "string", "title": "办理意见", "maxLength": 2000}},
        }
    ),
    orjson.dumps({"opinion": {"ui:widget": "textarea"}}),
)

_cache: OrderedDict[int, Bundle] = OrderedDict()
_lock = threading.Lock()


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """Files in the one form in which a version is stored and hashed."""
    return orjson.dumps({name: data.decode() for name, data in files.items()}, option=orjson.OPT_SORT_KEYS)


def bundle(definition_id: int) -> Bundle:
    """The parsed definition, from memory when this process has seen it."""
    with _lock:
        if definition_id in _cache:
            _cache.move_to_end(definition_id)
            return _cache[definition_id]
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
        _cache[definition_id] = made
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
) -> Definition:
    """Keep a new version of a model as a draft, or at once as the published one (部署).

    Deploying the same files again answers the version that holds them.

    Args:
        publish: put it in force at once; allowed in demo and test only, which the caller knows.
        lanes: role by lane name, as the pack says; what the street decides has to lie in its lanes (ZH-02b).

    Raises:
        Refusal: if the model cannot be run, or decides outside the street.
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
    raw = pack_files(files)
    digest = hashlib.sha256(raw).hexdigest()
    with unit_of_work() as db:
        known = db.scalar(
            select(Definition).where(
                Definition.pack_key == pack_key,
                Definition.process_key == process_key,
                Definition.sha256 == digest,
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
            created_by=actor.person_id,
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
            _put_in_force(actor, row)
        return row


def publish(actor: Actor, definition_id: int) -> Definition:
    """Put a draft in force (发布); never by the person who made it.

    Raises:
        Forbidden: if the actor made the draft.
    """
    with unit_of_work() as db:
        row = db.get_one(Definition, definition_id, with_for_update=True)
        if row.state != "draft":
            raise Refusal("这个版本已经发布过。")
        if row.created_by is not None and row.created_by == actor.person_id:
            raise Forbidden("不能发布自己提交的流程，请由另一名有发布权限的人员发布。")
        _put_in_force(actor, row)
        return row


def _put_in_force(actor: Actor, row: Definition) -> None:
    db = session()
    db.execute(
        update(Definition)
        .where(
            Definition.pack_key == row.pack_key,
            Definition.process_key == row.process_key,
            Definition.state == "published",
        )
        .values(state="retired")
    )
    row.state, row.published_at, row.published_by = "published", clock.now(), actor.person_id
    record(
        f"definition:{row.id}",
        "runtime.publish",
        actor=actor,
        subject=f"{row.process_key} v{row.no}",
        after={"state": "published"},
    )


def all_in_force() -> list[int]:
    """Ids of the versions in force, of all processes."""
    query = select(Definition.id).where(Definition.state == "published").order_by(Definition.id)
    return list(session().scalars(query))


def in_force(pack_key: str, process_key: str) -> int:
    """Id of the version that new cases start with.

    Raises:
        Refusal: if none is published.
    """
    found = session().scalar(
        select(Definition.id).where(
            Definition.pack_key == pack_key,
            Definition.process_key == process_key,
            Definition.state == "published",
        )
    )
    if found is None:
        raise Refusal("这个流程还没有发布，暂时不能发起。请联系流程管理人员。")
    return found
