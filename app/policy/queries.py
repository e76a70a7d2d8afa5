"""Reads of packs."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from datetime import date
from pathlib import Path

import orjson
from sqlalchemy import select

from app.core.db import place, session
from app.core.errors import Fault, NotFound, Refusal
from app.policy.models import PackVersion, ParameterProposal
from app.policy.packs import Pack, PackError, load_files, load_folder, with_version
from workflows.errors import DecisionError
from workflows.model import decision, law

_cache: OrderedDict[tuple[str, int], Pack] = OrderedDict()
_lock = threading.Lock()
CACHE_SIZE = 32


def pack(version_id: int) -> Pack:
    """The pack of a version, from memory when this process has seen it."""
    key = (place(), version_id)
    with _lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    row = (
        session()
        .execute(select(PackVersion.key, PackVersion.files).where(PackVersion.id == version_id))
        .one_or_none()
    )
    if row is None:
        raise Fault(f"政策包版本 {version_id} 不存在")
    files = {name: text.encode() for name, text in orjson.loads(zlib.decompress(row.files)).items()}
    made = with_version(load_files(files, row.key), version_id)
    with _lock:
        _cache[key] = made
        while len(_cache) > CACHE_SIZE:
            _cache.popitem(last=False)
    return made


def forget() -> None:
    """Drop what is cached: for another database in the same process."""
    with _lock:
        _cache.clear()


def active(key: str, day: date) -> Pack:
    """The pack that cases starting on a day get (ZH-30).

    Raises:
        Refusal: none is in force on that day, and its term has not been continued.
    """
    rows = session().scalars(
        select(PackVersion).where(PackVersion.key == key, PackVersion.active).order_by(PackVersion.no.desc())
    )
    for row in rows:
        if row.valid_from <= day and (row.valid_to is None or day <= row.valid_to or row.continued):
            return pack(row.id)
    newest = latest(key)
    if newest is not None and newest.waiting and not _in_force(key):
        raise Refusal(
            f"政策包“{newest.title}”还有 {len(newest.waiting)} 项取值没有确认，确认完之前不能发起新项目。"
            "请联系政策管理人员。"
        )
    raise Refusal(
        "现行规定已过有效期，又没有延续或替代文件，暂时不能发起新项目。请联系流程管理人员。", rule="ZH-30"
    )


def latest(key: str) -> Pack | None:
    """The newest version of a pack, in force or still being prepared."""
    found = session().scalar(
        select(PackVersion.id).where(PackVersion.key == key).order_by(PackVersion.no.desc()).limit(1)
    )
    return pack(found) if found is not None else None


def versions(key: str | None = None) -> list[PackVersion]:
    """Versions of one pack or of all, newest first."""
    query = select(PackVersion).order_by(PackVersion.key, PackVersion.no.desc())
    return list(session().scalars(query.where(PackVersion.key == key) if key else query))


def proposals(key: str, state: str = "open") -> list[ParameterProposal]:
    """Values proposed for a pack, oldest first; of settled ones the newest first."""
    query = select(ParameterProposal).where(ParameterProposal.pack_key == key)
    if state == "open":
        query = query.where(ParameterProposal.state == "open").order_by(ParameterProposal.id)
    else:
        query = query.where(ParameterProposal.state != "open").order_by(ParameterProposal.id.desc())
    return list(session().scalars(query.limit(200)))


def proposal(number: int) -> ParameterProposal:
    """A proposed value.

    Raises:
        NotFound: there is none.
    """
    found = session().get(ParameterProposal, number)
    if found is None:
        raise NotFound
    return found


def _in_force(key: str) -> bool:
    query = select(PackVersion.id).where(PackVersion.key == key, PackVersion.active).limit(1)
    return session().scalar(query) is not None


def check_pack(root: Path, key: str) -> list[str]:
    """What is wrong with a pack's folder; empty when nothing is."""
    try:
        found = load_folder(root, key)
    except (PackError, KeyError, ValueError) as error:
        return [str(error)]
    problems = [f"{one.file}: {one.message}" for one in law.read(found.constraints).problems]
    for name, data in sorted(found.files.items()):
        if name.endswith(".dmn"):
            try:
                decision.read(data)
            except DecisionError as error:
                problems.append(f"{name}: {error}")
    return problems


def first_version(key: str) -> int | None:
    """Id of the first version kept of a pack: what models without a pack of their own were published with."""
    return session().scalar(
        select(PackVersion.id).where(PackVersion.key == key).order_by(PackVersion.no).limit(1)
    )
