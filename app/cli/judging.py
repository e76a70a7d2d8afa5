"""Judge models as they lie in files: with their pack where a folder above holds one, else alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import yaml

from app.cli.world import PACKS
from app.policy.packs import Pack, PackError, load_folder
from app.runtime import judging
from app.runtime.definitions import MODEL_FOLDERS
from workflows.model.judge import findings_of, judge
from workflows.model.xml import MAX_BYTES
from workflows.types import Finding

MANIFEST: Final = "pack.yaml"
MODELS: Final = (".bpmn", ".dmn")
MOST_FILES: Final = 500


def judge_path(path: Path) -> list[Finding]:
    """Everything that stands against a file or folder; nothing raises."""
    place = path.absolute()
    above = next((one for one in (place, *place.parents) if (one / MANIFEST).is_file()), None)
    if above is not None:
        return _pack(above)
    if not path.is_dir():
        data, found = _read(path)
        return [found] if found else _alone({path.name: data})
    packs = sorted({one.parent for one in path.rglob(MANIFEST)})
    loose: dict[str, bytes] = {}
    told: list[Finding] = []
    for one in _models(path):
        if not any(pack in one.parents for pack in packs):
            data, found = _read(one)
            if found is None:
                loose[one.relative_to(path).as_posix()] = data
            else:
                told.append(found)
    told += _alone(loose) if loose else []
    for pack in packs:
        told += _pack(pack)
    if not (loose or packs or told):
        return [Finding(path.name, 0, "", "error", "no-model", "文件夹里没有流程图或决策表")]
    return told


def _alone(files: Mapping[str, bytes]) -> list[Finding]:
    return findings_of(judge(files, judging.context(None, alone=True)))


def _pack(folder: Path) -> list[Finding]:
    """A pack judged as a whole: its own files, with what the layers above add."""
    try:
        pack = load_folder(folder.parent, folder.name, PACKS)
    except (PackError, yaml.YAMLError, OSError, KeyError, TypeError, ValueError) as error:
        return [Finding(MANIFEST, 0, folder.name, "error", "pack", f"政策包无法读取：{error}")]
    files = {name: data for name, data in pack.files.items() if name.split("/")[0] in MODEL_FOLDERS}
    files |= _outside(folder, pack)
    return findings_of(judge(files, judging.context(pack)))


def _outside(folder: Path, pack: Pack) -> dict[str, bytes]:
    """Models of a pack that lie in none of its folders: they are judged with it as well."""
    found = {}
    for path in _models(folder):
        name = path.relative_to(folder).as_posix()
        if name.split("/")[0] not in MODEL_FOLDERS:
            found[name] = pack.files.get(name, b"")
    return found


def _models(folder: Path) -> Iterator[Path]:
    found = (path for path in sorted(folder.rglob("*")) if path.suffix in MODELS and path.is_file())
    for _, path in zip(range(MOST_FILES), found, strict=False):
        yield path


def _read(path: Path) -> tuple[bytes, Finding | None]:
    """The beginning of a file, one byte more than is allowed; what cannot be read is a finding."""
    try:
        if not path.is_file():
            raise FileNotFoundError
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1), None
    except OSError:
        return b"", Finding(path.name, 0, "", "error", "unreadable", "文件不存在，或者不能读取")
