"""Check and export the audit log."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import click
from flask.cli import with_appcontext

from app.audit import services
from app.core.clock import SHANGHAI


@click.group("audit")
def audit_group() -> None:
    """The audit log."""


@audit_group.command("verify")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def verify(as_json: bool) -> None:
    """Check every chain; exit 1 and name the first broken link."""
    verdict = services.verify()
    if as_json:
        click.echo(json.dumps({"ok": verdict.ok, "entries": verdict.entries, "problem": verdict.problem}))
    else:
        click.echo(f"审计记录 {verdict.entries} 条，完整" if verdict.ok else f"审计记录断裂：{verdict.problem}")
    if not verdict.ok:
        raise SystemExit(1)


@audit_group.command("export-seal")
@click.argument("day")
@with_appcontext
def export_seal(day: str) -> None:
    """Print the seals of a day (YYYY-MM-DD), to be kept outside this machine."""
    start = datetime.combine(date.fromisoformat(day), datetime.min.time(), SHANGHAI)
    for seal in services.seals_of(start, start + timedelta(days=1)):
        click.echo(json.dumps({"seq": seal.seq, "at": seal.at.isoformat(), "heads": seal.heads, "mac": seal.mac}))
