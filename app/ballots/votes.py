"""Record a counted vote of a meeting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from app.ballots.models import CountedVote
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import YES, Decision, Fault, no, require_all
from app.core.identity import Actor
from app.policy.packs import Pack
from app.runtime.models import Case


def counts_allowed(eligible: int, present: int, yes: int, against: int, abstain: int) -> list[Decision]:
    """The counts of a vote fit together (ZH-19-2b)."""
    return [
        no(f"到会人数 {present} 不能多于应到人数 {eligible}。", "ZH-19-2b", "present")
        if present > eligible
        else YES,
        no(
            f"赞成、反对、弃权合计 {yes + against + abstain}，应等于到会人数 {present}，请核对票数。",
            "ZH-19-2b",
            "yes",
        )
        if yes + against + abstain != present
        else YES,
    ]


def record_vote(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> CountedVote:
    """Keep a vote and whether it is valid and carried by the pack's rule (登记表决; ZH-19-2b, L-41).

    Raises:
        Refusals: the counts do not fit together; nothing is kept.
    """
    if actor.person_id is None:
        raise Fault("表决须由人登记")
    numbers = {name: answers[name] for name in ("eligible", "present", "yes", "against", "abstain")}
    held = date.fromisoformat(answers["held_on"])
    late = held > clock.today()
    require_all(
        [
            *counts_allowed(**numbers),
            no("表决日期不能晚于今天。", None, "held_on") if late else YES,
        ]
    )
    with unit_of_work() as db:
        ruling = pack.decide("vote_valid", {"body": answers["body"], **numbers})
        made = CountedVote(
            city=case.city,
            case_id=case.id,
            body=answers["body"],
            held_on=held,
            **numbers,
            minutes=answers["minutes"],
            file_ids=answers.get("files", []),
            valid=bool(ruling["valid"]),
            reason=str(ruling["reason"]),
            recorded_by=actor.person_id,
            recorded_at=clock.now(),
        )
        db.add(made)
        db.flush()
        return made


def last_vote(case_id: int) -> CountedVote | None:
    """The latest vote of a case."""
    query = select(CountedVote).where(CountedVote.case_id == case_id).order_by(CountedVote.id.desc()).limit(1)
    return session().scalar(query)
