"""Record, seal, verify."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from app.audit.models import AuditChain, AuditEntry, AuditSeal
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.identity import Actor

START = "0" * 64
_key = b""
_sources: dict[str, Callable[[str], set[str]]] = {}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the log is whole; if not, where it breaks first."""

    ok: bool
    entries: int
    problem: str = ""


def configure(key: str) -> None:
    """Set the key of seals and digests (AUDIT_KEY)."""
    global _key
    _key = key.encode()


def register_source(name: str, hashes: Callable[[str], set[str]]) -> None:
    """Tell how to compute anew the fingerprints that entries of case chains point to."""
    _sources[name] = hashes


def digest(value: str) -> str:
    """A keyed fingerprint of something personal: comparable, not readable."""
    return hmac.new(_key, value.encode(), hashlib.sha256).hexdigest()


def record(
    chain: str,
    action: str,
    *,
    actor: Actor,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    history_hash: str | None = None,
) -> AuditEntry:
    """Add an entry to a chain, in the transaction of the act (记录审计).

    Args:
        chain: "case:<id>" or "<table>:<id>"; only writers of one chain wait for each other.
        history_hash: fingerprint of the history line that tells the rest.
    """
    db = session()
    head = db.get(AuditChain, chain, with_for_update=True)
    if head is None:
        head = AuditChain(chain=chain, length=0, head=START)
        db.add(head)
    entry = AuditEntry(
        chain=chain,
        seq=head.length + 1,
        at=clock.now(),
        actor_id=actor.person_id,
        actor_name=actor.name,
        action=action,
        subject=subject,
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
        history_hash=history_hash,
        prev_hash=head.head,
    )
    entry.hash = _fingerprint(entry)
    head.length, head.head = entry.seq, entry.hash
    db.add(entry)
    db.flush()
    return entry


def seal() -> AuditSeal | None:
    """Bind the heads that moved since the last seal into the keyed chain (封存); None when none moved."""
    with unit_of_work() as db:
        sealed: dict[str, Any] = {}
        last = None
        for one in db.scalars(select(AuditSeal).order_by(AuditSeal.seq)):
            sealed.update(one.heads)
            last = one
        moved = {
            head.chain: [head.length, head.head]
            for head in db.scalars(select(AuditChain).order_by(AuditChain.chain))
            if sealed.get(head.chain) != [head.length, head.head]
        }
        if not moved:
            return None
        made = AuditSeal(
            seq=(last.seq + 1) if last else 1,
            at=clock.now(),
            heads=moved,
            prev_mac=last.mac if last else START,
        )
        made.mac = _mac(made.seq, made.at, moved, made.prev_mac)
        db.add(made)
        return made


def verify() -> Verdict:
    """Check every chain, every history line entries point to, and every seal (审计验证)."""
    db = session()
    heads = {head.chain: head for head in db.scalars(select(AuditChain))}
    reached: dict[str, tuple[int, str]] = {}
    hashes: dict[tuple[str, int], str] = {}
    sources: dict[str, set[str]] = {}
    count = 0
    entries = db.scalars(
        select(AuditEntry).order_by(AuditEntry.chain, AuditEntry.seq).execution_options(yield_per=1000)
    )
    for entry in entries:
        count += 1
        seq, prev = reached.get(entry.chain, (0, START))
        where = f"{entry.chain} 第 {entry.seq} 条"
        if entry.seq != seq + 1:
            return Verdict(False, count, f"{entry.chain} 缺少第 {seq + 1} 条")
        if entry.prev_hash != prev:
            return Verdict(False, count, f"{where}与前一条不衔接")
        if entry.hash != _fingerprint(entry):
            return Verdict(False, count, f"{where}内容被改动")
        if entry.history_hash is not None:
            known = sources.setdefault(entry.chain, _sources["history"](entry.chain))
            if entry.history_hash not in known:
                return Verdict(False, count, f"{where}指向的办理记录被改动或缺失")
        reached[entry.chain] = (entry.seq, entry.hash)
        hashes[entry.chain, entry.seq] = entry.hash
    for chain, head in heads.items():
        if reached.get(chain) != (head.length, head.head):
            return Verdict(False, count, f"{chain} 的末尾与链头不一致")
    for chain in reached:
        if chain not in heads:
            return Verdict(False, count, f"{chain} 没有链头")
    problem = _verify_seals(hashes)
    return Verdict(not problem, count, problem)


def seals_of(start: datetime, end: datetime) -> list[AuditSeal]:
    """Seals made in a span, for export."""
    query = select(AuditSeal).where(AuditSeal.at >= start, AuditSeal.at < end).order_by(AuditSeal.seq)
    return list(session().scalars(query))


def _verify_seals(hashes: Mapping[tuple[str, int], str]) -> str:
    prev, seq = START, 0
    for one in session().scalars(select(AuditSeal).order_by(AuditSeal.seq)):
        if one.seq != seq + 1 or one.prev_mac != prev:
            return f"缺少第 {seq + 1} 个封存"
        if not hmac.compare_digest(one.mac, _mac(one.seq, one.at, one.heads, one.prev_mac)):
            return f"第 {one.seq} 个封存被改动"
        for chain, (length, head) in one.heads.items():
            if hashes.get((chain, length)) != head:
                return f"{chain} 在第 {one.seq} 次封存后被改动或截断"
        prev, seq = one.mac, one.seq
    return ""


def _fingerprint(entry: AuditEntry) -> str:
    content = [
        entry.chain,
        entry.seq,
        entry.at.isoformat(),
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.subject,
        entry.before,
        entry.after,
        entry.history_hash,
        entry.prev_hash,
    ]
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _mac(seq: int, at: datetime, heads: Mapping[str, Any], prev: str) -> str:
    text = orjson.dumps([seq, at.isoformat(), dict(heads), prev], option=orjson.OPT_SORT_KEYS)
    return hmac.new(_key, text, hashlib.sha256).hexdigest()
