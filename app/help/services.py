"""Write down what helps."""

from __future__ import annotations

from sqlalchemy import select

from app.audit.services import record
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Forbidden, Refusal
from app.core.identity import Actor, Role
from app.help.models import StepGuide, TourSeen

LONGEST = 1000
WRITERS = (Role.STREET_CLERK, Role.STREET_LEADER)


def write_guide(actor: Actor, unit_id: int, form_key: str, text: str) -> None:
    """Say how one's own office wants a step done (办理提示); an empty text takes it away. Nothing is lost.

    Raises:
        Forbidden: the actor is neither clerk nor leader of this office.
        Refusal: too long, or not changed.
    """
    if not any(actor.has(role, unit_id) for role in WRITERS):
        raise Forbidden("只有本街道的经办和领导可以写办理提示。")
    words = text.strip()
    if len(words) > LONGEST:
        raise Refusal(f"办理提示最多 {LONGEST} 字，请删减。", field="text")
    with unit_of_work() as db:
        mine = select(StepGuide).where(StepGuide.unit_id == unit_id, StepGuide.form_key == form_key)
        last = db.scalar(mine.order_by(StepGuide.no.desc()).limit(1))
        if words == (last.text if last else ""):
            raise Refusal("内容没有改动。", field="text")
        db.add(
            StepGuide(
                unit_id=unit_id,
                form_key=form_key,
                no=(last.no if last else 0) + 1,
                text=words,
                written_by=actor.person_id,
                written_at=clock.now(),
            )
        )
        record(
            f"org_unit:{unit_id}", "help.guide", actor=actor, subject=form_key,
            before={"text": last.text if last else ""}, after={"text": words},
        )  # fmt: skip


def end_tour(actor: Actor, *, again: bool = False) -> None:
    """Remember that somebody has been shown around (新手引导), or offer it once more."""
    with unit_of_work() as db:
        row = db.get(TourSeen, actor.person_id)
        if again and row is not None:
            db.delete(row)
        elif not again and row is None:
            db.add(TourSeen(person_id=actor.person_id, at=clock.now()))
