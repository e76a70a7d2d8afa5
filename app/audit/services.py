"""Record and seal; verification stands beside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.audit.fingerprints import START, configure, digest, of_entry, of_seal, plain
from app.audit.models import AuditChain, AuditEntry, AuditSeal
from app.audit.verification import SEALS, Verdict, register_source, verify
from app.core import clock
from app.core.db import add_later, in_unit_of_work, session, unit_of_work
from app.core.identity import Actor
from app.core.straight import Prepared

__all__ = ["Verdict", "configure", "digest", "record", "register_source", "seal", "seals_of", "verify"]
HEAD = Prepared(
    select(AuditChain.length, AuditChain.head)
    .where(AuditChain.chain == bindparam("of_chain"))
    .with_for_update()
)
GROW = Prepared(
    update(AuditChain)
    .where(AuditChain.chain == bindparam("of_chain"))
    .values(length=bindparam("new_length"), head=bindparam("new_head"))
)


def record(
    chain: str,
    action: str,
    *,
    actor: Actor,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    history_hash: str | None = None,
) -> None:
    """Add an entry to a chain, in the transaction of the act (记录审计).

    Args:
        chain: "case:<id>" or "<table>:<id>"; only writers of one chain wait for each other.
        action: `room.verb`.
        before: what was; personal values only as `digest(value)`.
        after: what is; likewise.
        history_hash: fingerprint of the history line that tells the rest.
    """
    if not in_unit_of_work():
        raise RuntimeError("audit.record belongs inside the unit of work of the act it records")
    length, head = _grown(chain)
    entry = {
        "chain": chain,
        "seq": length + 1,
        "at": clock.now(),
        "actor_id": actor.person_id,
        "actor_name": actor.name,
        "action": action,
        "subject": subject,
        "before": plain(before),
        "after": plain(after),
        "history_hash": history_hash,
        "prev_hash": head,
    }
    entry["hash"] = of_entry(entry)
    grown = {"of_chain": chain, "new_length": entry["seq"], "new_head": entry["hash"]}
    GROW.run(session().connection(), grown)
    add_later(AuditEntry, entry)


def seal() -> AuditSeal | None:
    """Bind the heads that moved since the last seal into the keyed chain (封存); None when none moved.

    Promises: what is sealed cannot be shortened or rewritten without the audit key. A chain that an open
    transaction holds waits for the next seal; two workers at the same moment seal one after the other.
    """
    with unit_of_work() as db:
        counter = _locked(SEALS)
        moved = db.scalars(
            select(AuditChain)
            .where(AuditChain.length > AuditChain.sealed_length, AuditChain.chain != SEALS)
            .with_for_update(skip_locked=True)
        ).all()
        if not moved:
            return None
        made = AuditSeal(
            seq=counter.length + 1,
            at=clock.now(),
            heads={row.chain: [row.length, row.head] for row in moved},
            prev_mac=counter.head,
        )
        made.mac = of_seal(made)
        db.add(made)
        for row in moved:
            row.sealed_length = row.length
        counter.length, counter.head = made.seq, made.mac
        counter.sealed_length = made.seq
        return made


def seals_of(start: datetime, end: datetime) -> list[AuditSeal]:
    """Seals made in a span, for export."""
    query = select(AuditSeal).where(AuditSeal.at >= start, AuditSeal.at < end).order_by(AuditSeal.seq)
    return list(session().scalars(query))


def _grown(chain: str) -> tuple[int, str]:
    """Length and head of a chain, its row locked until the transaction ends; made with the chain's first entry."""
    found = HEAD.run(session().connection(), {"of_chain": chain}).one_or_none()
    if found is None:
        made = _locked(chain)
        session().flush()
        return made.length, made.head
    return found.length, found.head


def _locked(chain: str) -> AuditChain:
    """The row of a chain, locked until the transaction ends; made with the chain's first entry."""
    db = session()
    found = db.get(AuditChain, chain, with_for_update=True)
    if found is None:
        # Another transaction may be making it too: whoever comes second waits for the first one's row.
        insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(AuditChain)
        row = {"chain": chain, "length": 0, "head": START, "sealed_length": 0}
        db.execute(insert.values(row).on_conflict_do_nothing())
        found = db.get_one(AuditChain, chain, with_for_update=True)
    return found
