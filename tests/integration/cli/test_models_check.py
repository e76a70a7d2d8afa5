"""`models check`: a file with its pack, a file alone, folders; never a traceback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.corpus.models import CORPUS, line, user

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # commands: one database
HOSTILE = Path(__file__).parents[2] / "corpus" / "hostile"


def check(app: Flask, path: Path) -> tuple[int, dict[str, Any]]:
    """The exit code and the document of one call."""
    result = app.test_cli_runner().invoke(args=["models", "check", str(path), "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result.exit_code, json.loads(result.stdout)


def pack(tmp_path: Path) -> Path:
    """The Zhuhai pack somewhere else, without the layer above it."""
    return Path(shutil.copytree("bpmn/zhuhai", tmp_path / "somewhere" / "zhuhai"))


def test_a_file_in_a_pack_is_judged_with_it(app: Flask, tmp_path: Path) -> None:
    folder = pack(tmp_path)
    path = folder / "process" / "publicity.bpmn"
    assert check(app, path) == (0, {"ok": True, "findings": []})
    text = path.read_text(encoding="utf-8")
    skipped = text.replace('sourceRef="publish" targetRef="wait"', 'sourceRef="publish" targetRef="close"')
    assert skipped != text
    path.write_text(skipped, encoding="utf-8")
    code, told = check(app, path)
    assert (code, told["ok"]) == (1, False)
    broken = [row for row in told["findings"] if row["rule"] == "ZH-24d"]
    assert [row["severity"] for row in broken] == ["error"]
    assert "publicity/publish → publicity/close" in broken[0]["message"]


def test_a_file_alone_looks_at_no_neighbour(app: Flask, tmp_path: Path) -> None:
    for name in ("settlement", "payment"):
        shutil.copy(f"bpmn/zhuhai/process/{name}.bpmn", tmp_path)
    code, told = check(app, tmp_path / "settlement.bpmn")
    assert (code, told["ok"]) == (1, False)
    assert [row["rule"] for row in told["findings"] if row["severity"] == "error"] == ["missing-call"]
    code, told = check(app, tmp_path / "payment.bpmn")
    assert (code, told["ok"]) == (0, True)
    assert {row["rule"] for row in told["findings"]} == {"missing-form"}


def test_a_folder_is_judged_with_the_packs_in_it(app: Flask, tmp_path: Path) -> None:
    pack(tmp_path)
    (tmp_path / "loose.bpmn").write_bytes(line(user("m") + user("lost")))
    code, told = check(app, tmp_path)
    assert code == 1
    assert {row["file"] for row in told["findings"]} == {"loose.bpmn"}
    assert "unreachable" in {row["rule"] for row in told["findings"]}


@pytest.mark.parametrize(
    "name", ["empty.bpmn", "zip.bpmn", "billion_laughs.bpmn", "deep.json", "utf16_lie.bpmn"]
)
def test_hostile_files_are_findings(app: Flask, name: str) -> None:
    code, told = check(app, HOSTILE / name)
    assert (code, told["ok"]) == (1, False)
    assert told["findings"]


def test_what_is_no_readable_file_is_a_finding(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "folder.bpmn").mkdir()
    for path in (tmp_path / "nowhere.bpmn", tmp_path / "broken" / "x.bpmn"):
        code, told = check(app, path)
        assert (code, [row["rule"] for row in told["findings"]]) == (1, ["unreadable"])
    code, told = check(app, tmp_path / "folder.bpmn")
    assert (code, [row["rule"] for row in told["findings"]]) == (1, ["no-model"])


def test_a_pack_that_cannot_be_read_is_a_finding(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("extends: nobody", encoding="utf-8")
    code, told = check(app, tmp_path)
    assert (code, [row["rule"] for row in told["findings"]]) == (1, ["pack"])


def test_each_finding_is_one_line(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "m.bpmn"
    path.write_bytes(CORPUS["unquoted timer"].files["model.bpmn"])
    result = app.test_cli_runner().invoke(args=["models", "check", str(path)])
    assert result.exit_code == 1
    assert any(row.startswith("m.bpmn:1 m error timer ") for row in result.stdout.splitlines())


def test_a_pack_that_rewrites_the_law_is_refused(app: Flask, tmp_path: Path) -> None:
    folder = pack(tmp_path)
    text = "rules: [{id: CN-01, ref: X, text: 放宽, never: 支付}]\nlabels: {支付: ['form:other']}\n"
    (folder / "constraints.yaml").write_text(text, encoding="utf-8")
    shutil.copytree("bpmn/law-cn", folder.parent / "law-cn")
    result = app.test_cli_runner().invoke(args=["packs", "check", str(folder)])
    assert result.exit_code == 1
    assert result.stdout.count("zhuhai/constraints.yaml: ") == 2
