"""What may be uploaded: known kinds whose content is what the name says."""

from __future__ import annotations

import re
from pathlib import PurePath

from app.core.errors import YES, Decision, no

OFFICE, ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
TYPES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "webp": ("image/webp", (b"RIFF",)),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (ZIP,)),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (ZIP,)),
    "doc": ("application/msword", (OFFICE,)),
    "xls": ("application/vnd.ms-excel", (OFFICE,)),
    "txt": ("text/plain; charset=utf-8", ()),
    "csv": ("text/csv; charset=utf-8", ()),
}
INLINE = ("application/pdf", "image/jpeg", "image/png", "image/webp")
MAX_NAME = 120


def clean_name(name: str) -> str:
    """A file name without folders and control characters."""
    last = re.split(r"[\\/]", name)[-1]
    kept = "".join(c for c in last if c.isprintable()).strip(" .") or "file"
    path = PurePath(kept)
    return f"{path.stem[: MAX_NAME - 10]}{path.suffix.lower()[:8]}"


def extension(name: str) -> str:
    """The part behind the last dot, lower case."""
    return PurePath(name).suffix.lower().lstrip(".")


def upload_allowed(name: str, data: bytes, limit: int) -> Decision:
    """Kind, size and content of an upload.

    Args:
        limit: most bytes allowed.
    """
    kind = TYPES.get(extension(name))
    if kind is None:
        return no("可上传 PDF、图片（JPG、PNG、WEBP）、Word、Excel、TXT、CSV 文件，其他格式请先转换。")
    if not data:
        return no("文件是空的，请重新选择。")
    if len(data) > limit:
        return no(f"文件超过 {limit // 1024 // 1024} MB，请压缩后再上传。")
    magic = kind[1]
    if magic and not data.startswith(magic):
        return no("文件内容与扩展名不符，可能已损坏，请重新导出后上传。")
    if not magic and b"\x00" in data[:4096]:
        return no("文件内容不是文字，请核对后重新上传。")
    return YES
