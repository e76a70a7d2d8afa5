"""Collect needs, from those who answer for a place and from residents themselves."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select

from app.accounts.queries import unit
from app.audit.services import record
from app.core import clock, idempotency
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, Forbidden, Refusal, require_all
from app.core.identity import RESIDENT, Actor
from app.needs import queries, rules
from app.needs.models import Need, NeedSender


def collect(
    actor: Actor,
    *,
    unit_id: int,
    channel: str,
    beneficiaries: str,
    text: str,
    anonymous: bool = True,
    said_by: str | None = None,
    voices: int = 1,
    unlisted: bool = False,
    key: str | None = None,
) -> Need:
    """Register a need (登记需求; ZH-09a, ZH-09c).

    Args:
        unit_id: the community it was heard in, or the street for what concerns all of it.
        beneficiaries: one of `rules.GROUPS`.
        voices: how many residents said it.
        unlisted: nothing on the district's list answers it.
        key: of the form; the same form sent twice is one need.

    Raises:
        Refusals: no text, unknown channel or group, a name where none is wished or none where one is, or a
            place that is not the actor's.
        Conflict: the key was used for another need.
    """
    said_by = (said_by or "").strip() or None
    asked = {
        "unit_id": unit_id,
        "channel": channel,
        "beneficiaries": beneficiaries,
        "text": text.strip(),
        "anonymous": anonymous,
        "said_by": said_by,
        "voices": voices,
        "unlisted": unlisted,
    }
    with unit_of_work() as db:
        place = unit(unit_id)
        if place.kind not in ("community", "street"):
            raise Refusal("请选择需求所在的社区。", field="unit_id", rule="ZH-09a")
        require_all(
            [
                rules.may_register(actor, place.id, place.parent_id),
                *rules.need_allowed(
                    channel=channel,
                    group=beneficiaries,
                    text=text,
                    anonymous=anonymous,
                    said_by=said_by,
                    voices=voices,
                ),
            ]
        )
        known = idempotency.remember(actor, "needs.collect", key, asked)
        if known is not None:
            return session().get_one(Need, known["id"])
        made = Need(**asked, state="taken", created_at=clock.now(), created_by=actor.person_id)
        db.add(made)
        db.flush()
        record(f"need:{made.id}", "needs.collect", actor=actor, subject=channel)
        idempotency.answer(actor, "needs.collect", key, asked, {"id": made.id})
        return made


def hear(
    *, community_id: int, channel: str, beneficiaries: str, text: str, device: str, address: str
) -> Need:
    """Take down what a resident without an account writes; no name is asked for (网上反映; ZH-09a).

    What comes after the fifth in an hour from one device, or after the thirtieth from one address, waits until
    somebody of the community has looked at it (待核); it is never lost.

    Args:
        channel: "online" or "poster".
        device, address: keyed digests (`rules.digest_of`); they are forgotten after an hour.

    Raises:
        NotFound: there is no such community.
        Refusals: no text, too long a text, or no group.
    """
    with unit_of_work() as db:
        place = queries.open_community(community_id)
        require_all(
            rules.need_allowed(
                channel=channel, group=beneficiaries, text=text, anonymous=True, said_by=None, voices=1
            )
        )
        for digest in sorted({device, address}):
            idempotency.wait_for_twins(f"need {digest}")
        forget_senders()
        flood = rules.is_flood(queries.heard_from(device), queries.heard_from(address))
        now = clock.now()
        made = Need(
            unit_id=place.id,
            channel=channel,
            beneficiaries=beneficiaries,
            text=text.strip(),
            anonymous=True,
            voices=1,
            unlisted=False,
            state="waiting" if flood else "taken",
            created_at=now,
        )
        db.add_all([made, NeedSender(digest=device, at=now), NeedSender(digest=address, at=now)])
        db.flush()
        record(f"need:{made.id}", "needs.hear", actor=RESIDENT, subject=channel, after={"state": made.state})
        return made


def decide(actor: Actor, need_id: int, *, take: bool, reason: str = "") -> Need:
    """Take a need in that came in a flood, or set it aside with a reason (核实需求; ZH-09a).

    Raises:
        NotFound: no such need for these eyes.
        Forbidden: not somebody who registers needs there.
        Conflict: it has been decided already.
        Refusals: set aside without a reason.
    """
    with unit_of_work() as db:
        found = _own(actor, need_id)
        db.refresh(found, with_for_update=True)
        if found.state != "waiting":
            raise Conflict("这项需求已经核过，请刷新页面查看结果。", rule="ZH-09a")
        require_all(rules.decision_allowed(take, reason))
        found.state, found.reason = ("taken", None) if take else ("aside", reason.strip())
        found.decided_by, found.decided_at = actor.person_id, clock.now()
        db.flush()
        record(
            f"need:{found.id}",
            "needs.take_in" if take else "needs.set_aside",
            actor=actor,
            subject=found.channel,
            before={"state": "waiting"},
            after={"state": found.state, "reason": found.reason},
        )
        return found


def merge(actor: Actor, need_id: int, ids: Collection[int]) -> Need:
    """Put needs that say the same together behind one; all voices and words are kept (合并需求; ZH-09b).

    What was merged into one of them before moves along.

    Raises:
        NotFound: no such need for these eyes.
        Forbidden: not somebody who registers needs there.
        Refusals: of another community, not taken in, or merged already.
    """
    with unit_of_work() as db:
        lead = _own(actor, need_id)
        wanted = sorted(set(ids) - {lead.id})
        query = select(Need).where(Need.id.in_([lead.id, *wanted])).order_by(Need.id)
        rows = {
            one.id: one
            for one in db.scalars(query.with_for_update().execution_options(populate_existing=True))
        }
        others = [one for one in rows.values() if one.id != lead.id]
        require_all(rules.merge_allowed(lead, others, len(wanted)))
        behind = select(Need).where(Need.merged_into_id.in_(wanted)).order_by(Need.id)
        moved = [*others, *db.scalars(behind.with_for_update())]
        for one in moved:
            one.merged_into_id = lead.id
        db.flush()
        for one in moved:
            record(
                f"need:{one.id}",
                "needs.merge",
                actor=actor,
                subject=f"need:{lead.id}",
                after={"into": lead.id},
            )
        record(
            f"need:{lead.id}", "needs.merge", actor=actor, subject=f"need:{lead.id}", after={"merged": wanted}
        )
        return lead


def split(actor: Actor, need_id: int) -> Need:
    """Let a merged need stand for itself again (拆出需求; ZH-09b).

    Raises:
        NotFound: no such need for these eyes.
        Forbidden: not somebody who registers needs there.
        Conflict: it is not merged (any more).
    """
    with unit_of_work() as db:
        found = _own(actor, need_id)
        db.refresh(found, with_for_update=True)
        lead_id = found.merged_into_id
        if lead_id is None:
            raise Conflict("这项需求没有并入别的需求，请刷新页面查看。", rule="ZH-09b")
        found.merged_into_id = None
        db.flush()
        for chain in (found.id, lead_id):
            record(
                f"need:{chain}",
                "needs.split",
                actor=actor,
                subject=f"need:{found.id}",
                before={"into": lead_id},
            )
        return found


def _own(actor: Actor, need_id: int) -> Need:
    found = queries.one(actor, need_id)
    allowed = rules.may_register(actor, found.unit_id, unit(found.unit_id).parent_id)
    if not allowed:
        raise Forbidden("需求由本社区两委成员、党组织书记或所属街道经办核实、合并。", rule=allowed.ref)
    return found


def forget_senders() -> None:
    """Forget from which devices and addresses needs came more than an hour ago (清理)."""
    with unit_of_work() as db:
        db.execute(delete(NeedSender).where(NeedSender.at <= clock.now() - rules.HOUR))
