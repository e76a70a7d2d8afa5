"""Check and deploy models and packs from folders."""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from app.cli import judging
from app.core.identity import SYSTEM
from app.policy.queries import check_pack, latest
from app.runtime.packaging import deploy_pack


@click.group("models")
def models_group() -> None:
    """Diagrams, decision tables and forms."""


@models_group.command("check")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="print one JSON document")
def check_command(path: Path, as_json: bool) -> None:
    """Check and prove a file or folder; exit 1 when there are errors."""
    findings = judging.judge_path(path)
    ok = not any(one.severity == "error" for one in findings)
    rows = [
        {
            "file": one.file,
            "line": one.line,
            "element": one.element,
            "severity": one.severity,
            "rule": one.rule,
            "message": one.message,
        }
        for one in findings
    ]
    if as_json:
        click.echo(json.dumps({"ok": ok, "findings": rows}, ensure_ascii=False))
    else:
        for row in rows:
            click.echo("{file}:{line} {element} {severity} {rule} {message}".format(**row))
    if not ok:
        raise SystemExit(1)


@models_group.command("deploy")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@with_appcontext
def deploy(path: Path) -> None:
    """Deploy a pack folder: a draft that a second person approves; published at once in demo and test.

    In production a pack with open figures is kept, and comes into force when they are confirmed by the pages.
    """
    settings = current_app.config["SETTINGS"]
    made = deploy_pack(
        SYSTEM, path.parent, path.name, publish=settings.is_demo, production=settings.is_production
    )
    for row in made:
        click.echo(f"{row.process_key} v{row.no} {row.state}", err=True)
    newest = latest(path.name)
    if settings.is_production and newest is not None and newest.waiting:
        click.echo(
            f"{path.name}: {len(newest.waiting)} figures wait for confirmation, see /admin/policy", err=True
        )


@click.group("packs")
def packs_group() -> None:
    """Policy packs."""


@packs_group.command("check")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def packs_check(path: Path) -> None:
    """Check a pack against the loader's rules; exit 1 when one is broken."""
    findings = check_pack(path.parent, path.name)
    for finding in findings:
        click.echo(str(finding))
    if findings:
        raise SystemExit(1)
