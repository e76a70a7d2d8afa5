"""Uploaded files: the content once, its uses many times."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.core.db import Base, BigId, Row


class Blob(Base):
    """Content by its hash; the same file uploaded twice is kept once."""

    __tablename__ = "blob"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[bytes] = deferred(mapped_column(LargeBinary))


class StoredFile(Row):
    """One upload (附件): loose until the form that names it is handed in, then part of its case."""

    __tablename__ = "stored_file"
    __table_args__ = (CheckConstraint("size > 0", name="size"),)
    sha256: Mapped[str] = mapped_column(String(64), ForeignKey("blob.sha256"))
    name: Mapped[str] = mapped_column(String(160))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    uploaded_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    uploaded_at: Mapped[datetime]
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
