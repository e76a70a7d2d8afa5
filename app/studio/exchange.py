"""A whole pack as a zip: out for the files or another office, in as a draft; single drawings too (导出与导入)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.errors import Refusal
from app.core.identity import Actor
from app.studio import drafts, rules
from app.studio.drafts import Saved
from workflows.errors import UnsafeXml
from workflows.model import xml

MOST_ZIP = 8 * 1024 * 1024
STAMP = (2020, 1, 1, 0, 0, 0)
"""Every file carries the same time, so that the same content is the same zip."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought.

    Attributes:
        names: files that were taken.
        skipped: what else lay in the zip, with the reason.
    """

    saved: Saved
    names: list[str]
    skipped: list[str]


def export(files: Mapping[str, bytes]) -> bytes:
    """A pack's files as a zip (导出)."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, STAMP), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def bring_in(actor: Actor, draft_id: int, name: str, data: bytes) -> Imported:
    """Take a zip, a drawing or a table into a draft (导入); what is wrong with it is told by the checks.

    Args:
        name: the upload's own name; a single file goes to the folder of its kind.

    Raises:
        Refusal: not such a file, too large, or nothing in it that a pack holds.
    """
    if len(data) > MOST_ZIP:
        raise Refusal("文件超过 8 MB，请拆分后再导入。", field="file")
    files, skipped = _unzip(data) if zipfile.is_zipfile(io.BytesIO(data)) else (_single(name, data), [])
    if not files:
        raise Refusal("压缩包里没有流程图、决策表或表单。", field="file")
    note = f"从“{name[-80:]}”导入"
    return Imported(drafts.save_files(actor, draft_id, files, "imported", note), sorted(files), skipped)


def _unzip(data: bytes) -> tuple[dict[str, bytes], list[str]]:
    """The files of a zip under their places in a pack; bounded, whatever its directory claims."""
    files: dict[str, bytes] = {}
    skipped: list[str] = []
    left = rules.MAX_TOTAL
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) > rules.MAX_FILES:
                raise Refusal(f"压缩包里的文件超过 {rules.MAX_FILES} 个，不能导入。", field="file")
            root = _root([one.filename for one in members])
            for one in members:
                place = one.filename.removeprefix(root)
                allowed = rules.name_allowed(place)
                if not allowed:
                    skipped.append(f"{one.filename[:80]}：不属于政策包")
                    continue
                with archive.open(one) as stream:
                    content = stream.read(rules.MAX_FILE + 1)
                left -= len(content)
                if len(content) > rules.MAX_FILE or left < 0:
                    raise Refusal("压缩包解开后过大，出于安全没有导入。", field="file")
                files[place] = content
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise Refusal("压缩包已损坏或加了密码，不能导入。", field="file") from error
    return files, skipped


def _root(names: list[str]) -> str:
    """The one folder a zip was made of ("zhuhai/"), when its files lie in no place of a pack otherwise."""
    tops = {name.split("/", 1)[0] for name in names if "/" in name}
    if len(tops) == 1 and not any(rules.name_allowed(name) for name in names):
        return f"{tops.pop()}/"
    return ""


def _single(name: str, data: bytes) -> dict[str, bytes]:
    """A drawing or table by what it holds, under its own id."""
    try:
        root = xml.parse(data)
    except UnsafeXml as error:
        raise Refusal(f"不能导入：{error}。请选择 BPMN、DMN 文件或政策包压缩包。", field="file") from error
    for tag, folder, suffix in (("process", "process", ".bpmn"), ("decision", "decision", ".dmn")):
        found = next((one for one in root.iter() if xml.local(one) == tag and one.get("id")), None)
        if found is not None:
            place = f"{folder}/{found.get('id')}{suffix}"
            rules.name_allowed(place).require()
            return {place: data}
    raise Refusal(f"“{name[:80]}”里没有流程图或决策表。", field="file")
