"""One project through all nine stages as every role, in a throw-away database."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from app.accounts.queries import names_of_units
from app.audit import services as audit
from app.cli import world as worlds
from app.cli.player import Plan, Player, Step
from app.cli.proposals import PROPOSALS
from app.contracts.queries import contract_of, payments
from app.core import clock, db, migrate
from app.core.db import session
from app.evaluation.queries import evaluation_of
from app.funds.queries import imbalances, pots_of
from app.organisations.queries import credit_of
from app.policy import queries as policy
from app.runtime import definitions
from app.runtime.models import Case
from app.runtime.queries import incidents_of
from app.runtime.rules import STAGES

START = datetime(2026, 3, 2, 9, 0, tzinfo=clock.SHANGHAI)
PATHS = ("straight", "returned", "rejected", "objection", "too-few-bids", "failed-evaluation")
ENDS = {"rejected": "rejected"}


def plan_for(path: str, proposal: Mapping[str, Any]) -> Plan:
    """How a scenario differs from the straight way."""
    plan = Plan(proposal)
    if path == "returned":
        plan.choices = {
            "review.decide": [
                {"decision": "return", "opinion": "预算测算依据不足，请补充。"},
                {"decision": "approve"},
            ]
        }
    elif path == "rejected":
        plan.choices = {"review.decide": {"decision": "reject", "opinion": "与现有服务重复，不同意立项。"}}
    elif path == "objection":
        plan.object_to_notice = True
        plan.choices = {
            "notice.close": [
                {"decision": "amend", "opinion": "异议成立，调整服务时间。"},
                {"decision": "confirmed"},
            ]
        }
    elif path == "too-few-bids":
        plan.bidders = [1, 3]
        plan.choices = {"procurement.failed": {"decision": "retender", "opinion": "有效响应不足三家。"}}
    elif path == "failed-evaluation":
        plan.judged, plan.satisfied = 30, 2
    return plan


@contextmanager
def throw_away(keep: Path | None) -> Iterator[None]:
    """A database of its own with a movable clock; what was bound before comes back."""
    with tempfile.TemporaryDirectory(prefix="zhenjie-demo-") as folder:
        before_engine, before_clock = db.engine(), clock.use(clock.MovableClock(START))
        file = keep or Path(folder) / "demo.sqlite3"
        engine = db.make_engine(f"sqlite:///{file}")
        db.bind(engine)
        definitions.forget()
        policy.forget()
        try:
            migrate.upgrade(engine)
            yield
        finally:
            db.bind(before_engine)
            engine.dispose()
            definitions.forget()
            policy.forget()
            clock.use(before_clock)


def broken(case: Case, path: str) -> list[str]:
    """Invariants that do not hold at the end of a scenario."""
    found = unlawful(case)
    verdict = audit.verify()
    if not verdict.ok:
        found.append(verdict.problem)
    wanted = ENDS.get(path, "completed")
    if case.status != wanted:
        found.append(f"case ended as {case.status}, not {wanted}")
    return found + [f"incident {one.id}: {one.message}" for one in incidents_of(case.id)]


def unlawful(case: Case) -> list[str]:
    """What must never be, wherever the case stands: money that does not add up, paid too early or too much."""
    found = list(imbalances())
    contract = contract_of(case.id)
    if contract is not None:
        paid = [p for p in payments(contract.id) if p.state == "paid"]
        if sum(p.amount for p in paid) + contract.deducted > contract.amount:
            found.append("more was paid than the contract holds")
        if sum(p.amount for p in paid if p.kind == "advance") * 100 > contract.amount * 40:
            found.append("the advance is above 40 %")
        if any(
            p.paid_on is None or contract.signed_on is None or p.paid_on < contract.signed_on for p in paid
        ):
            found.append("something was paid before the signature")
        published = contract.evaluation_published_at
        if any(p.kind == "final" for p in paid) and published is None:
            found.append("the final payment came before the published evaluation")
    if case.status != "running":
        found += [
            f"{pot.name} still holds money of an ended case"
            for pot in pots_of(case.street_id)
            if pot.reserved or pot.encumbered
        ]
    return found


def document(case: Case, steps: list[Step]) -> dict[str, Any]:
    """The result as one document; amounts in fen."""
    contract, evaluation = contract_of(case.id), evaluation_of(case.id)
    names = dict(STAGES)
    paid = [p for p in payments(contract.id) if p.state == "paid"] if contract else []
    credit = credit_of(contract.organisation_id) if contract else []
    return {
        "instance": {"no": case.no, "title": case.title, "status": case.status},
        "steps": [
            {"stage": names.get(s.stage, s.stage), "task": s.task, "role": s.role, "result": s.result}
            for s in steps
        ],
        "ledger": [
            {
                "pot": pot.name,
                "source": pot.source,
                "allotted": pot.allotted,
                "reserved": pot.reserved,
                "encumbered": pot.encumbered,
                "paid": pot.paid,
                "free": pot.free,
            }
            for pot in pots_of(case.street_id)
        ],
        "contract": {
            "no": contract.no,
            "amount": contract.amount,
            "advance_cap": contract.advance_cap,
            "paid": contract.paid,
            "deducted": contract.deducted,
            "signed_on": str(contract.signed_on),
            "provider": names_of_units({contract.provider_id}).get(contract.provider_id),
        }
        if contract
        else None,
        "payments": [{"kind": p.kind, "amount": p.amount, "date": str(p.paid_on)} for p in paid],
        "evaluation": {"grade": contract.grade, "factor_pct": contract.factor_pct}
        if contract and evaluation
        else None,
        "credit": [{"kind": one.kind, "grade": one.grade, "text": one.text} for one in credit],
    }


@click.command("demo")
@click.option("--path", type=click.Choice(PATHS), default="straight", show_default=True)
@click.option("--pack", type=click.Choice(["zhuhai"]), default="zhuhai", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="print one JSON document on standard output")
@click.option(
    "--keep", type=click.Path(path_type=Path, dir_okay=False), help="keep the database in this new file"
)
@with_appcontext
def demo(path: str, pack: str, as_json: bool, keep: Path | None) -> None:
    """Take one project from proposal to archive as every role; exit 1 when an invariant fails."""
    if not current_app.config["SETTINGS"].is_demo:
        raise click.ClickException("the demo runs only with ZHENJIE_ENV=demo")
    if keep is not None and keep.exists():
        raise click.ClickException(f"{keep} exists; name a new file")
    out = (lambda text: click.echo(text, err=True)) if as_json else click.echo
    with throw_away(keep):
        world = worlds.build(everything=False)
        names = dict(STAGES)

        def tell(step: Step) -> None:
            out(f"{names.get(step.stage, step.stage)}\t{step.task}\t{step.role}\t{step.result}")

        title, proposal = PROPOSALS[0]
        mover = clock.current()
        if not isinstance(mover, clock.MovableClock):
            raise click.ClickException("the demo needs the movable clock")
        player = Player(world, plan_for(path, proposal), mover, tell)
        case_id = player.start("community", f"{world.communities[0].name}{title}")
        case = player.play(case_id)
        problems = broken(session().get_one(Case, case.id, populate_existing=True), path)
        result = document(case, player.steps)
        if as_json:
            json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
            sys.stdout.write("\n")
        else:
            _print_ledger(result)
        for problem in problems:
            click.echo(f"INVARIANT: {problem}", err=True)
        db.close()
    if problems:
        raise SystemExit(1)


def _print_ledger(result: Mapping[str, Any]) -> None:
    click.echo("\n资金来源\t拨入\t预留\t占用\t已付\t可用（元）")
    for row in result["ledger"]:
        figures = (row[key] for key in ("allotted", "reserved", "encumbered", "paid", "free"))
        click.echo("\t".join([row["pot"], *(f"{value / 100:,.2f}" for value in figures)]))
    click.echo(
        f"项目 {result['instance']['no']} {result['instance']['status']}，共 {len(result['steps'])} 步"
    )
