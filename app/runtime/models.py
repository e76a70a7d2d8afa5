"""Tables of the runtime: where each case stands and what happened to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, deferred, mapped_column, validates

from app.core.append_only import protect
from app.core.db import Base, BigId, Row
from app.core.pinyin import initials

LAST = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for no due moment, so that lists can be ordered by an index."""


class Definition(Row):
    """One immutable version of a model: a start process with all diagrams, tables and forms it uses."""

    __tablename__ = "definition"
    __table_args__ = (
        UniqueConstraint("pack_key", "process_key", "no"),
        CheckConstraint("state IN ('draft','scheduled','published','retired')", name="state"),
        CheckConstraint("published_by IS NULL OR published_by <> created_by", name="publisher"),
        CheckConstraint("approved_by IS NULL OR approved_by <> created_by", name="approver"),
        CheckConstraint("state <> 'scheduled' OR valid_from IS NOT NULL", name="scheduled"),
        Index(
            "uq_definition_in_force",
            "pack_key",
            "process_key",
            unique=True,
            postgresql_where=text("state = 'published'"),
            sqlite_where=text("state = 'published'"),
        ),
    )
    pack_key: Mapped[str] = mapped_column(String(40))
    process_key: Mapped[str] = mapped_column(String(80))
    no: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    files: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    state: Mapped[str] = mapped_column(String(12))  # draft, scheduled, published, retired
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    published_at: Mapped[datetime | None]
    published_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    approved_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    valid_from: Mapped[datetime | None]  # new cases start with it from this moment on
    notes: Mapped[str] = mapped_column(Text, default="", server_default="")
    accepted: Mapped[dict[str, Any] | None]  # what was published although the drawing allows it: reasons
    pack_version_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("pack_version.id"))


class Publication(Row):
    """An act that put a version in force, planned it or took the plan back: append-only."""

    __tablename__ = "publication"
    __table_args__ = (
        CheckConstraint("kind IN ('published','scheduled','cancelled','rolled_back')", name="kind"),
    )
    definition_id: Mapped[int] = mapped_column(BigId, ForeignKey("definition.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    valid_from: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")


protect(Publication)


class Case(Row):
    """One project from proposal to archive; its row is the lock of everything that happens to it."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(
            "status IN ('running','completed','rejected','withdrawn','cancelled')", name="status"
        ),
        Index("ix_cases_due", "status", "next_due"),
        Index("ix_cases_street", "street_id", "status", "id"),
        Index("ix_cases_street_newest", "street_id", "id"),
        Index("ix_cases_street_stage", "street_id", "stage", "id"),
        Index("ix_cases_started_by", "started_by", "id", "status", "stage"),
    )
    city: Mapped[str] = mapped_column(String(6))
    no: Mapped[str] = mapped_column(String(40), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    initials: Mapped[str] = mapped_column(String(200), default="")  # of the title's words, to search by
    pack_key: Mapped[str] = mapped_column(String(40))
    pack_version_id: Mapped[int] = mapped_column(BigId, ForeignKey("pack_version.id"))
    definition_id: Mapped[int] = mapped_column(BigId, ForeignKey("definition.id"))
    status: Mapped[str] = mapped_column(String(12), default="running")
    outcome: Mapped[str | None] = mapped_column(String(80))
    stage: Mapped[str | None] = mapped_column(String(40))
    street_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    community_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_unit.id"), index=True)
    provider_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_unit.id"), index=True)
    evaluator_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_unit.id"), index=True)
    owner_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    started_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    rev: Mapped[int] = mapped_column(default=0)
    state: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    next_due: Mapped[datetime | None]
    history_seq: Mapped[int] = mapped_column(default=0)
    history_head: Mapped[str] = mapped_column(String(64), default="")  # fingerprint of the last history line

    @validates("title")
    def _keep_initials(self, _name: str, title: str) -> str:
        self.initials = initials(title)
        return title


class CaseCounter(Base):
    """The last case number given in a street and year."""

    __tablename__ = "case_counter"
    street_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class OfCase(Row):
    """A row that belongs to a case; it carries the case's city, the key by which data can be spread."""

    __abstract__ = True
    city: Mapped[str] = mapped_column(String(6))
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"), index=True)


class Task(OfCase):
    """A step that waits for a person."""

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint("state IN ('open','done','cancelled')", name="state"),
        UniqueConstraint("case_id", "engine_id"),  # by which the steps of a case are found
        # Behind its place in the list stands all that the list asks of a task: a walk through it reads no rows.
        Index(
            "ix_task_desk",
            "state",
            "role",
            "unit_id",
            "rank_at",
            "id",
            "case_id",
            "group_id",
            "claimed_by",
            "has_signers",
            "stage",
            "title",
        ),
        Index("ix_task_own", "claimed_by", "state", "rank_at", "id"),
        Index("ix_task_done", "done_by", "done_at"),
        Index("ix_task_attention", "state", "attention_at"),
    )
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"))
    engine_id: Mapped[str] = mapped_column(String(32))
    element: Mapped[str] = mapped_column(String(120))
    path: Mapped[str] = mapped_column(String(400))  # ids of the call activities above it, joined by "/"
    process: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))
    form_key: Mapped[str | None] = mapped_column(String(80))
    stage: Mapped[str | None] = mapped_column(String(40))
    lane: Mapped[str | None] = mapped_column(String(80))
    role: Mapped[str | None] = mapped_column(String(60))
    unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_unit.id"))
    group_id: Mapped[str | None] = mapped_column(String(32))  # siblings of one multi-instance step
    state: Mapped[str] = mapped_column(String(10), default="open")
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    due_provisional: Mapped[bool] = mapped_column(default=False)
    due_days: Mapped[int | None]  # working days the diagram allows
    attention_at: Mapped[datetime | None]  # when somebody has to be reminded next
    reminded_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    rank_at: Mapped[datetime] = mapped_column(
        default=LAST
    )  # its place in to-do lists: due moment, or the last place
    signing: Mapped[str] = mapped_column(String(16), default="one")
    acts: Mapped[str] = mapped_column(
        String(200), default=""
    )  # approval acts its diagram allows, "" for the usual
    has_signers: Mapped[bool] = mapped_column(default=False)
    detour: Mapped[bool] = mapped_column(
        default=False
    )  # when done the case stands again where it was sent back
    drafted: Mapped[bool] = mapped_column(default=False)  # somebody has typed something and not sent it
    claimed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    claimed_at: Mapped[datetime | None]
    done_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    done_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(80))


class History(OfCase):
    """What happened: append-only, the one memory that no step back and no migration touches."""

    __tablename__ = "history"
    __table_args__ = (UniqueConstraint("case_id", "seq"),)  # by which the lines of a case are found
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"))
    seq: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(
        String(24)
    )  # started completed passed timer claimed returned cancelled finished …
    element: Mapped[str | None] = mapped_column(String(120))
    process: Mapped[str | None] = mapped_column(String(80))
    path: Mapped[str | None] = mapped_column(String(400))
    title: Mapped[str] = mapped_column(String(200))
    stage: Mapped[str | None] = mapped_column(String(40))
    task_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("task.id"))
    actor_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    actor_name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str | None] = mapped_column(String(60))
    outcome: Mapped[str | None] = mapped_column(String(80))
    opinion: Mapped[str | None] = mapped_column(Text)
    answers: Mapped[dict[str, Any] | None]
    hash: Mapped[str] = mapped_column(String(64))


protect(History)


class FormRecord(OfCase):
    """Answers of a step that no room handles: kept, so that a designer can add a step without a programmer."""

    __tablename__ = "form_record"
    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"), unique=True)
    form_key: Mapped[str | None] = mapped_column(String(80))
    answers: Mapped[dict[str, Any]]


class Draft(Row):
    """What a person has typed and not yet sent."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("task_id", "person_id"),)
    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    answers: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]


class TaskSigner(OfCase):
    """One of several who sign a step (会签、或签、票签、加签)."""

    __tablename__ = "task_signer"
    __table_args__ = (
        CheckConstraint("place IN ('own','before','beside','after')", name="place"),
        CheckConstraint("state IN ('waiting','open','signed','closed')", name="state"),
        UniqueConstraint("task_id", "person_id"),
        Index("ix_task_signer_person", "person_id", "state", "task_id"),
    )
    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    place: Mapped[str] = mapped_column(String(8))
    seq: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    agrees: Mapped[bool | None]
    opinion: Mapped[str | None] = mapped_column(Text)
    answers: Mapped[dict[str, Any] | None]
    added_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    signed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    signed_at: Mapped[datetime | None]


class Detour(OfCase):
    """Where a case stood when a step was sent back to come straight back (退回后直达)."""

    __tablename__ = "detour"
    __table_args__ = (CheckConstraint("state IN ('open','used','dropped')", name="state"),)
    from_task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"))
    to_task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"), unique=True)
    case_state: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    task_ids: Mapped[list[Any]]  # open steps that wait meanwhile
    state: Mapped[str] = mapped_column(String(8), default="open")


class Copy(OfCase):
    """A case brought to somebody's notice (抄送)."""

    __tablename__ = "copy"
    __table_args__ = (
        UniqueConstraint("case_id", "person_id"),
        Index("ix_copy_person", "person_id", "id"),
    )
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    copied_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class Incident(OfCase):
    """A fault that a person has to look at; the case stands as before it."""

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint("state IN ('open','resolved')", name="state"),
        Index("ix_incident_state", "state", "id"),
    )
    task_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("task.id"))
    element: Mapped[str | None] = mapped_column(String(120))
    process: Mapped[str | None] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(24))  # fault, refused, no_people
    message: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(String(10), default="open")
    times: Mapped[int] = mapped_column(default=1)  # how often it was met
    created_at: Mapped[datetime]
    last_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    resolution: Mapped[str | None] = mapped_column(Text)
