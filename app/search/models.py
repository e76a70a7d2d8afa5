"""The index of what can be searched. A row is written in the transaction of what it describes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DDL, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, event, false
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.core.db import Base, BigId, Row

KINDS: dict[str, str] = {
    "case": "项目",
    "need": "居民需求",
    "organisation": "社会组织",
    "paper": "材料",
    "notice": "公告",
    "person": "人员",
}


class SearchEntry(Row):
    """One thing that can be found.

    Attributes:
        ref_id: the row it describes, by kind.
        case_id: the case whose readers may find it; asked of the case itself at each search.
        person_id: the person who may always find it: who uploaded a paper.
        body: the text a result is quoted from.
        grams: what is matched: words cut in pairs of characters, numbers, pinyin initials.
        waits: a paper whose words are still to be read.
    """

    __tablename__ = "search_entry"
    __table_args__ = (
        UniqueConstraint("kind", "ref_id"),
        CheckConstraint(f"kind IN {tuple(KINDS)}", name="kind"),
        Index("ix_search_entry_waits", "waits", "id"),
    )
    kind: Mapped[str] = mapped_column(String(12))
    ref_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    title: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(String(300))
    url: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime | None]
    body: Mapped[str] = deferred(mapped_column(Text, nullable=False))
    grams: Mapped[str] = deferred(mapped_column(Text, nullable=False))
    waits: Mapped[bool] = mapped_column(default=False, server_default=false())


class PaperText(Base):
    """What a paper says, by the hash of its bytes: read once, however often it is handed in.

    Attributes:
        refused: why it was not read, None when it was.
    """

    __tablename__ = "paper_text"
    sha256: Mapped[str] = mapped_column(String(64), ForeignKey("blob.sha256"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    refused: Mapped[str | None] = mapped_column(String(40))
    read_at: Mapped[datetime]


OLD = "INSERT INTO search_text(search_text, rowid, grams) VALUES ('delete', old.id, old.grams);"
NEW = "INSERT INTO search_text(rowid, grams) VALUES (new.id, new.grams);"
VIRTUAL = """
CREATE VIRTUAL TABLE search_text USING fts5(grams, content='search_entry', content_rowid='id', detail=none,
tokenize='unicode61 remove_diacritics 0')
"""
SQLITE = (
    VIRTUAL,
    f"CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN {NEW} END",
    f"CREATE TRIGGER search_entry_removed AFTER DELETE ON search_entry BEGIN {OLD} END",
    f"CREATE TRIGGER search_entry_changed AFTER UPDATE ON search_entry BEGIN {OLD} {NEW} END",
)
"""A full-text table over `grams`, kept by triggers."""
POSTGRESQL = ("CREATE INDEX search_text_grams ON search_entry USING gin (to_tsvector('simple', grams))",)
for dialect, statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
    for statement in statements:
        made = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
        event.listen(SearchEntry.__table__, "after_create", made)
