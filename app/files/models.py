"""Tables of uploads."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.core.db import Base, BigId, Row


class Blob(Base):
    """Bytes, known by their hash."""

    __tablename__ = "blob"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[bytes] = deferred(mapped_column(LargeBinary))


class StoredFile(Row):
    """An upload: a name for some bytes; loose until the form that names it is handed in (附件)."""

    __tablename__ = "stored_file"
    __table_args__ = (CheckConstraint("size > 0", name="size"),)
    sha256: Mapped[str] = mapped_column(String(64), ForeignKey("blob.sha256"))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigId)
    uploaded_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    uploaded_at: Mapped[datetime]
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
