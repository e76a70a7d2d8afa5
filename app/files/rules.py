"""What may be uploaded: known kinds whose content is what the name says."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePath

from app.core.errors import YES, Decision, no

OFFICE, ZIP, JPEG = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"\xff\xd8\xff"
TYPES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "jpg": ("image/jpeg", (JPEG,)),
    "jpeg": ("image/jpeg", (JPEG,)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "webp": ("image/webp", (b"RIFF",)),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (ZIP,)),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (ZIP,)),
    "doc": ("application/msword", (OFFICE,)),
    "xls": ("application/vnd.ms-excel", (OFFICE,)),
    "txt": ("text/plain", ()),
    "csv": ("text/csv", ()),
}
"""By extension: the media type, and how the content begins."""
PARTS = {"docx": "word/", "xlsx": "xl/"}
"""What a packed office document holds, besides its list of contents."""
TEXT_CODINGS = ("utf-8-sig", "gb18030")
"""How text files are written here; spreadsheets on Chinese machines still write GB 18030."""
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
    if not kind[1]:
        return YES if _is_text(data) else no("文件内容不是文字，请核对后重新上传。")
    if data.startswith(kind[1]) and _holds(extension(name), data):
        return YES
    return no("文件内容与扩展名不符，可能已损坏，请重新导出后上传。")


def _holds(kind: str, data: bytes) -> bool:
    """What the first bytes alone do not tell: RIFF is sound too, and a packed document any archive."""
    if kind == "webp":
        return data[8:12] == b"WEBP"
    if kind not in PARTS:
        return True
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()  # reads the list only, unpacks nothing
    except zipfile.BadZipFile:
        return False
    return "[Content_Types].xml" in names and any(name.startswith(PARTS[kind]) for name in names)


def _is_text(data: bytes) -> bool:
    if b"\x00" in data:
        return False
    for coding in TEXT_CODINGS:
        try:
            data.decode(coding)
        except UnicodeDecodeError:
            continue
        return True
    return False
