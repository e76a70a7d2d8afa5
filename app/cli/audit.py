"""Check and export the audit log."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask.cli import with_appcontext

from app.audit import services
from app.core.clock import SHANGHAI


@click.group("audit")
def audit_group() -> None:
    """The audit log."""


@audit_group.command("verify")
@click.option("--json", "as_json", is_flag=True, help="print one JSON document")
@click.option(
    "--against",
    "kept",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="seals exported earlier and kept outside this machine",
)
@with_appcontext
def verify(as_json: bool, kept: tuple[Path, ...]) -> None:
    """Check every chain, history line and seal; exit 1 and name the first broken link."""
    verdict = services.verify(_codes(kept))
    if as_json:
        shown = {
            "ok": verdict.ok,
            "entries": verdict.entries,
            "seals": verdict.seals,
            "problem": verdict.problem,
        }
        click.echo(json.dumps(shown, ensure_ascii=False))
    elif verdict.ok:
        click.echo(f"审计记录 {verdict.entries} 条、封存 {verdict.seals} 次，完整")
    else:
        click.echo(f"审计记录断裂：{verdict.problem}")
    if not verdict.ok:
        raise SystemExit(1)


@audit_group.command("export-seal")
@click.argument("day", type=click.DateTime(formats=["%Y-%m-%d"]))
@with_appcontext
def export_seal(day: datetime) -> None:
    """Print the seals of a DAY (YYYY-MM-DD), one a line, to be kept outside this machine."""
    start = day.replace(tzinfo=SHANGHAI)
    for seal in services.seals_of(start, start + timedelta(days=1)):
        line = {
            "seq": seal.seq,
            "at": seal.at.isoformat(),
            "heads": seal.heads,
            "mac": seal.mac,
        }
        click.echo(json.dumps(line, ensure_ascii=False))


def _codes(files: Iterable[Path]) -> dict[int, str]:
    """Codes of seals by number, from exported lines."""
    codes = {}
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                seal = json.loads(line)
                codes[int(seal["seq"])] = str(seal["mac"])
            except (ValueError, KeyError, TypeError) as error:
                raise click.ClickException(f"{path}: not an exported seal: {line[:60]}") from error
    return codes
