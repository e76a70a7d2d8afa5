"""Check the log from its first entry to its last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.fingerprints import START, of_entry, of_seal, same
from app.audit.models import AuditChain, AuditEntry, AuditSeal
from app.core.db import engine

SEALS = "seals"
"""The chain row that counts the seals: its length is their number, its head the last one's code."""
BATCH = 1000
Sealed: TypeAlias = dict[str, dict[int, tuple[str, int]]]  # chain → length → (head, number of the seal)

_sources: dict[str, Callable[[str], set[str]]] = {}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the log is whole; if not, where it breaks first."""

    ok: bool
    entries: int
    problem: str = ""
    seals: int = 0


class _Broken(Exception):
    """The first broken link, in words."""


def register_source(name: str, hashes: Callable[[str], set[str]]) -> None:
    """Tell how to compute anew the fingerprints that the entries of a chain point to.

    Args:
        name: what the fingerprints are of (`history`).
        hashes: all fingerprints that belong to a chain (`case:7`), from the rows as they are now.
    """
    _sources[name] = hashes


def verify(kept: Mapping[int, str] | None = None) -> Verdict:
    """Check every chain, every history line entries point to, and every seal (审计验证).

    Args:
        kept: codes of seals by number, as they were exported and kept outside this machine.
    """
    # A snapshot of its own: what people do meanwhile must not look like a break.
    with engine().connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with Session(connection) as db:
            walk = _Walk(db)
            try:
                walk.chains(walk.seals(kept or {}))
            except _Broken as broken:
                return Verdict(False, walk.entries, str(broken), walk.sealed)
            return Verdict(True, walk.entries, "", walk.sealed)


class _Walk:
    """One passage through the log; raises at the first broken link."""

    def __init__(self, db: Session) -> None:
        self._db = db
        self.entries = 0
        self.sealed = 0

    def seals(self, kept: Mapping[int, str]) -> Sealed:
        """Check the seals; answers what they hold."""
        found: Sealed = {}
        prev = START
        for seal in self._rows(select(AuditSeal).order_by(AuditSeal.seq)):
            if seal.seq != self.sealed + 1 or seal.prev_mac != prev:
                raise _Broken(f"缺少第 {self.sealed + 1} 个封存")
            if not same(seal.mac, of_seal(seal)):
                raise _Broken(f"第 {seal.seq} 个封存被改动")
            if kept.get(seal.seq, seal.mac) != seal.mac:
                raise _Broken(f"第 {seal.seq} 个封存与另行保存的不一致")
            for chain, (length, head) in seal.heads.items():
                found.setdefault(chain, {})[length] = (head, seal.seq)
            prev, self.sealed = seal.mac, seal.seq
        if missing := [number for number in sorted(kept) if number > self.sealed]:
            raise _Broken(f"缺少第 {missing[0]} 个封存")
        counter = self._db.get(AuditChain, SEALS)
        if (self.sealed, prev) != ((counter.length, counter.head) if counter else (0, START)):
            raise _Broken(f"缺少第 {self.sealed + 1} 个封存")
        return found

    def chains(self, sealed: Sealed) -> None:
        """Check every entry against the one before it, every chain against its head and its seals."""
        heads = self._rows(select(AuditChain).where(AuditChain.chain != SEALS))
        open_heads = {row.chain: (row.length, row.head) for row in heads}
        chain, length, last = "", 0, START
        hashes: set[str] = set()
        for entry in self._rows(select(AuditEntry).order_by(AuditEntry.chain, AuditEntry.seq)):
            if entry.chain != chain:
                self._end(chain, length, last, open_heads, sealed)
                chain, length, last, hashes = entry.chain, 0, START, set()
            where = f"{chain} 第 {entry.seq} 条"
            if entry.seq != length + 1:
                raise _Broken(f"{chain} 缺少第 {length + 1} 条")
            if entry.prev_hash != last:
                raise _Broken(f"{where}与前一条不衔接")
            if entry.hash != of_entry(entry.__dict__):
                raise _Broken(f"{where}内容被改动")
            if entry.history_hash is not None:
                hashes = hashes or {h for source in _sources.values() for h in source(chain)}
                if entry.history_hash not in hashes:
                    raise _Broken(f"{where}指向的办理记录被改动或缺失")
            head, number = sealed.get(chain, {}).get(entry.seq, (entry.hash, 0))
            if head != entry.hash:
                raise _Broken(f"{where}在第 {number} 次封存后被改动")
            self.entries += 1
            length, last = entry.seq, entry.hash
        self._end(chain, length, last, open_heads, sealed)
        for gone in sorted(set(open_heads) | set(sealed)):
            raise _Broken(f"{gone} 的全部记录缺失")

    def _end(
        self, chain: str, length: int, last: str, heads: dict[str, tuple[int, str]], sealed: Sealed
    ) -> None:
        """A chain must reach the length its head and its last seal tell."""
        if not chain:
            return
        promised = sealed.pop(chain, {})
        if promised and max(promised) > length:
            raise _Broken(f"{chain} 缺少第 {length + 1} 条：第 {promised[max(promised)][1]} 次封存后被截断")
        if heads.pop(chain, None) != (length, last):
            raise _Broken(f"{chain} 的末尾与链头不一致")

    def _rows(self, query: Any) -> Iterator[Any]:
        """Rows in batches: a long log does not fit into memory."""
        for rows in self._db.scalars(query.execution_options(yield_per=BATCH)).partitions():
            for row in rows:
                yield row
                self._db.expunge(row)  # one by one: what is still to be fetched belongs to this session too
