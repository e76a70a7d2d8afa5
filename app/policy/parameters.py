"""A pack's figures: one person proposes, another confirms, and they become the next version."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import select

from app.accounts.rules import permit
from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, Forbidden, NotFound, Refusal, require_all
from app.core.identity import Actor
from app.policy import rules
from app.policy.models import PackVersion, ParameterProposal
from app.policy.packs import TERM, Pack, PackError, Parameter, decide_on
from app.policy.queries import latest
from app.policy.services import activate, keep


def known(pack: Pack, name: str) -> Parameter:
    """A figure of a pack by name, its continuation among them.

    Raises:
        NotFound: the pack has none of that name.
    """
    found = pack.term if name == TERM else pack.parameters.get(name)
    if found is None:
        raise NotFound
    return found


def propose(
    actor: Actor,
    key: str,
    name: str,
    *,
    value: Any,
    ref: str,
    note: str,
    decided_by: str,
    decided_on: date,
) -> ParameterProposal:
    """Propose a value for a parameter, with who decided it and when (提出取值).

    Args:
        ref: the paper it stands in.

    Raises:
        Forbidden: the actor is no owner of packs.
        Refusals: no value of that kind, looser than the rule above (with both references), or one is open.
    """
    with unit_of_work() as db:
        permit(rules.may_decide(actor))
        pack = latest(key)
        if pack is None:
            raise NotFound
        parameter = known(pack, name)
        if not rules.changeable(parameter):
            raise Refusal("这一项不能在页面上修改，请修改政策包文件后重新导入。", field="value")
        require_all(
            [
                rules.value_allowed(parameter, value),
                *rules.decision_allowed(decided_by, decided_on, clock.today()),
            ]
        )
        waiting = select(ParameterProposal.id).where(
            ParameterProposal.pack_key == key,
            ParameterProposal.name == name,
            ParameterProposal.state == "open",
        )
        if db.scalar(waiting) is not None:
            raise Refusal("这一项已经有人提出取值，正在等待确认。请先确认或退回。", field="value")
        made = ParameterProposal(
            pack_key=key,
            name=name,
            value=value,
            ref=ref.strip(),
            note=note.strip(),
            decided_by=decided_by.strip(),
            decided_on=decided_on,
            proposed_by=actor.person_id or 0,
            proposed_at=clock.now(),
            state="open",
        )
        _try(pack, [made])
        db.add(made)
        db.flush()
        record(
            f"pack:{key}",
            "policy.propose",
            actor=actor,
            subject=f"{key} {name}",
            before={"value": parameter.value},
            after={"value": value, "ref": made.ref, "decided_by": made.decided_by, "decided_on": decided_on},
        )
        return made


def confirm(actor: Actor, numbers: Collection[int], *, production: bool) -> PackVersion:
    """Confirm proposed values; together they become the pack's next version (确认取值).

    In production the version comes into force when nothing else is open. Running cases keep theirs.

    Raises:
        Forbidden: the actor is no owner of packs, or has proposed one of them himself.
        Conflict: one is not open any more.
        Refusal: none is named, they belong to several packs, or one is looser than a rule above it.
    """
    with unit_of_work():
        chosen = [_open(number) for number in sorted(set(numbers))]
        if not chosen or len({one.pack_key for one in chosen}) > 1:
            raise Refusal("请选择同一政策包的取值。")
        for one in chosen:
            permit(rules.may_confirm(actor, one.proposed_by))
        pack = latest(chosen[0].pack_key)
        if pack is None:
            raise NotFound
        decided = _try(pack, chosen)
        version = keep(actor, decided).row
        if not (production and decided.waiting):
            activate(actor, version.id)
        for one in chosen:
            _settle(one, actor, "confirmed", None)
            one.version_id = version.id
            record(
                f"pack:{one.pack_key}",
                "policy.confirm",
                actor=actor,
                subject=f"{one.pack_key} {one.name}",
                after={"value": one.value, "version": version.no},
            )
        return version


def refuse(actor: Actor, number: int, reason: str) -> None:
    """Send a proposed value back, or withdraw one's own (退回、撤回取值).

    Raises:
        Forbidden: the actor is no owner of packs.
        Refusal: no reason.
    """
    with unit_of_work():
        permit(rules.may_decide(actor))
        if not reason.strip():
            raise Refusal("请写明理由。", field="reason")
        found = _open(number)
        _settle(found, actor, "refused", reason.strip())
        record(
            f"pack:{found.pack_key}",
            "policy.refuse",
            actor=actor,
            subject=f"{found.pack_key} {found.name}",
            after={"value": found.value, "reason": reason.strip()},
        )


def _try(pack: Pack, proposals: Collection[ParameterProposal]) -> Pack:
    """The pack with these values.

    Raises:
        Refusal: one is looser than the rule above it.
    """
    decisions = {
        one.name: {
            "value": one.value,
            "ref": one.ref,
            "note": one.note,
            "decided_by": one.decided_by,
            "decided_on": one.decided_on.isoformat(),
        }
        for one in proposals
    }
    try:
        return decide_on(pack, decisions)
    except PackError as error:
        raise Refusal(str(error), field="value") from error


def _open(number: int) -> ParameterProposal:
    found = session().get(ParameterProposal, number, with_for_update=True)
    if found is None:
        raise NotFound
    if found.state != "open":
        raise Conflict("这项取值已经处理过，请刷新页面。")
    return found


def _settle(found: ParameterProposal, actor: Actor, state: str, reason: str | None) -> None:
    if actor.person_id is None:
        raise Forbidden("请先登录。")
    own = actor.person_id == found.proposed_by
    found.state, found.settled_at = state, clock.now()
    found.settled_by = None if own else actor.person_id  # withdrawn by the one who proposed it
    found.reason = reason
    session().flush()
