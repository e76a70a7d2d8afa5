"""Tables of the work behind the cases: who runs timers, what was done about an incident."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import Base, BigId
from app.runtime.models import OfCase


class WorkerRow(Base):
    """One worker process; the row tells others whether it is alive."""

    __tablename__ = "worker"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    host: Mapped[str] = mapped_column(String(120))
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    moved: Mapped[int] = mapped_column(default=0)  # cases it has moved on


class Lease(Base):
    """A due case that a worker has taken on, until when; the case's own row lock stays the truth."""

    __tablename__ = "lease"
    __table_args__ = (Index("ix_lease_worker", "worker_id"),)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    worker_id: Mapped[str] = mapped_column(String(40))
    until: Mapped[datetime]


class IncidentAct(OfCase):
    """What happened with an incident, line by line."""

    __tablename__ = "incident_act"
    incident_id: Mapped[int] = mapped_column(BigId, ForeignKey("incident.id"), index=True)
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(
        String(16)
    )  # opened again retried failed asked changed moved cancelled resolved
    actor_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    actor_name: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(Text, default="")


protect(IncidentAct)
