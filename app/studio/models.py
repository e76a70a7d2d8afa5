"""Tables of the studio: drafts, their files by content, every save."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.core.append_only import protect
from app.core.db import Base, BigId, Row

STATES = ("editing", "submitted", "approved", "published", "discarded")


class ModelBlob(Base):
    """The content of a file, kept once under its fingerprint; nothing that was ever saved is lost."""

    __tablename__ = "model_blob"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    data: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))  # compressed


protect(ModelBlob)


class ModelDraft(Row):
    """A change to a pack's models that somebody is working on; nobody approves their own (草稿)."""

    __tablename__ = "model_draft"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("approved_by IS NULL OR approved_by <> author_id", name="second_person"),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approval"),
        CheckConstraint("state NOT IN ('approved','published') OR approved_by IS NOT NULL", name="approved"),
        Index("ix_model_draft_state", "state", "id"),
    )
    pack_key: Mapped[str] = mapped_column(String(40))
    process_key: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))
    base_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("definition.id"))
    seen_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("definition.id")
    )  # in force when it was begun or last brought up to date: another one since then must not be undone unseen
    seen_pack_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("pack_version.id"))
    author_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("person.id")
    )  # None: from the command line
    state: Mapped[str] = mapped_column(String(10), default="editing")
    rev: Mapped[int] = mapped_column(default=1)
    notes: Mapped[str] = mapped_column(Text, default="")  # what changes and why, in the author's words
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    lock_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    lock_until: Mapped[datetime | None]
    submitted_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    submitted_at: Mapped[datetime | None]
    approved_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    approved_at: Mapped[datetime | None]
    accepted: Mapped[dict[str, Any] | None]  # reasons for what the drawing allows and the data do not
    definition_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("definition.id"))  # what it became


class DraftFile(Base):
    """A file of a draft as it stands; `rev` is the draft's revision at the file's last change."""

    __tablename__ = "model_draft_file"
    draft_id: Mapped[int] = mapped_column(BigId, ForeignKey("model_draft.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), ForeignKey("model_blob.sha256"))
    rev: Mapped[int]


class DraftSave(Row):
    """One save: who changed which file from what to what; the difference is told from the two contents."""

    __tablename__ = "model_draft_save"
    __table_args__ = (UniqueConstraint("draft_id", "rev", "file"),)
    draft_id: Mapped[int] = mapped_column(BigId, ForeignKey("model_draft.id"))
    rev: Mapped[int]
    at: Mapped[datetime]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(12))  # edited, mended, imported, restored, deleted
    file: Mapped[str] = mapped_column(String(120))
    before: Mapped[str | None] = mapped_column(String(64), ForeignKey("model_blob.sha256"))
    after: Mapped[str | None] = mapped_column(String(64), ForeignKey("model_blob.sha256"))
    note: Mapped[str | None] = mapped_column(Text)


protect(DraftSave)


class DraftEvent(Row):
    """A step of a draft on its way into force: submitted, taken back, sent back, approved, published."""

    __tablename__ = "model_draft_event"
    draft_id: Mapped[int] = mapped_column(BigId, ForeignKey("model_draft.id"), index=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(Text, default="")


protect(DraftEvent)


class ModelTry(Base):
    """A try of a draft (试办): whose it is, what time it is there, what was done.

    Its own database lies in `image`, so that any machine goes on with it; `rev` counts its acts.
    """

    __tablename__ = "model_try"
    token: Mapped[str] = mapped_column(String(43), primary_key=True)
    draft_id: Mapped[int] = mapped_column(BigId, ForeignKey("model_draft.id"), index=True)
    draft_rev: Mapped[int]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    case_id: Mapped[int] = mapped_column(BigId)  # in the try's own database
    created_at: Mapped[datetime]
    used_at: Mapped[datetime]
    shows: Mapped[datetime]
    steps: Mapped[list[Any]]
    rev: Mapped[int]
    image: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))


class ModelMove(Row):
    """An order to move the running cases of a version to another one (迁移)."""

    __tablename__ = "model_move"
    __table_args__ = (
        CheckConstraint("state IN ('running','done','undoing','undone')", name="state"),
        CheckConstraint("source_id <> target_id", name="another"),
        Index("ix_model_move_state", "state", "id"),
    )
    source_id: Mapped[int] = mapped_column(BigId, ForeignKey("definition.id"), index=True)
    target_id: Mapped[int] = mapped_column(BigId, ForeignKey("definition.id"))
    reason: Mapped[str] = mapped_column(Text)
    ordered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    ordered_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8))
    total: Mapped[int]
    done: Mapped[int]
    finished_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class MovedCase(Row):
    """What a move did to one case, with all that is needed to take it back."""

    __tablename__ = "model_moved_case"
    __table_args__ = (
        CheckConstraint("state IN ('waiting','moved','refused','undone','kept')", name="state"),
        UniqueConstraint("move_id", "case_id"),
        Index("ix_model_moved_case_state", "move_id", "state", "id"),
    )
    move_id: Mapped[int] = mapped_column(BigId, ForeignKey("model_move.id"))
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
    state: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(Text)
    rev: Mapped[int | None]  # of the case after the move: another one since then means somebody has acted
    before_state: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    before_pack_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("pack_version.id"))
    before_tasks: Mapped[dict[str, Any] | None]
