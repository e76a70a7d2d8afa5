"""Publish, hear, answer, close. What was published is never rewritten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.accounts.queries import people_with, unit
from app.audit import services as audit
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Fault, NotFound, require_all
from app.core.identity import Actor, Role
from app.messages.services import notify
from app.notices import queries, rules
from app.notices.models import KINDS, OBJECTION_KINDS, Notice, NoticeEvent, Objection
from app.policy import queries as policy
from app.policy.calendar import add_working_days
from app.policy.packs import Pack
from app.runtime.models import Case


def publish(
    actor: Actor,
    case: Case,
    kind: str,
    title: str,
    body: str,
    until_at: datetime,
    facts: Mapping[str, str] | None = None,
) -> Notice:
    """Publish a notice of a case, from now to the end of its period (发布公示、公告; ZH-24d).

    Args:
        until_at: the last moment of the period (`clock.end_of_day` of its last day).
        facts: what the public reads as label and value; nothing personal, nothing sealed.

    Raises:
        Refusals: no title, no text, or a period that is over before it begins.
    """
    if kind not in KINDS:
        raise Fault(f"没有“{kind}”这一类公告")
    now = clock.now()
    with unit_of_work() as db:
        require_all(rules.publication_allowed(title, body, now, until_at))
        last = db.scalar(select(func.max(Notice.seq)).where(Notice.case_id == case.id)) or 0
        notice = Notice(
            city=case.city,
            case_id=case.id,
            seq=last + 1,
            no=f"{case.no}-{last + 1:02d}",
            street_id=case.street_id,
            kind=kind,
            title=title.strip(),
            body=body.strip(),
            facts=dict(facts or {}),
            publisher=unit(case.street_id).name,
            published_at=now,
            published_by=actor.person_id,
            from_day=clock.local(now).date() + timedelta(days=1),
            until_at=until_at,
        )
        notice.sha256 = rules.fingerprint(queries.content_of(notice))
        db.add(notice)
        db.flush()
        audit.record(
            f"case:{case.id}",
            "notices.publish",
            actor=actor,
            subject=f"notice:{notice.id}",
            after={"no": notice.no, "kind": kind, "sha256": notice.sha256, "until": until_at.isoformat()},
        )
        _tell_published(actor, case, notice)
        return notice


def _tell_published(actor: Actor, case: Case, notice: Notice) -> None:
    members = people_with(Role.COMMITTEE_MEMBER, case.community_id) if case.community_id else []
    told = {case.owner_id, case.started_by, *(one.id for one in members)} - {actor.person_id}
    until = f"{clock.local(notice.until_at):%m 月 %d 日}"
    notify(told, "published", notice.title, f"/notices/{notice.no}", case.id, body=f"公示到 {until} 止。")


def publicise(actor: Actor, case: Case, pack: Pack, *, title: str, body: str, days: int) -> Notice:
    """Show an approved project to the public for some working days, from tomorrow (项目公示; ZH-24d).

    Args:
        days: working days, no fewer than the pack says.

    Raises:
        Refusals: too short a period, no title, no text.
    """
    with unit_of_work():
        rules.days_allowed(days, pack.value("publicity_days")).require()
        until = clock.end_of_day(add_working_days(clock.today(), days).day)
        facts = {**queries.public_facts(case.id), "公示天数": f"{days} 个工作日"}
        return publish(actor, case, "project", title, body, until, facts)


def object_to(
    actor: Actor, notice_id: int, *, kind: str, text: str, contact: str = "", source: str | None = None
) -> Objection:
    """Say something about a notice while its period runs (提出异议、询问、质疑; ZH-24d, L-10).

    Args:
        actor: `RESIDENT` for somebody without an account.
        contact: read only by those who answer; a challenge needs it.
        source: keyed digest of the sender's address (`rules.source_of`), for the hourly limit.

    Raises:
        NotFound: no such notice.
        Refusals: too late, empty, of the wrong kind, or too many from one address.
    """
    now = clock.now()
    with unit_of_work() as db:
        notice = queries.by_id(notice_id)
        case = _lock(notice.case_id)
        require_all(
            rules.objection_allowed(
                notice_kind=notice.kind,
                kind=kind,
                text=text,
                contact=contact,
                now=now,
                until_at=notice.until_at,
                ended=queries.event_of(notice.id) is not None,
            )
        )
        if source is not None:
            limit = policy.pack(case.pack_version_id).value("objections_per_hour")
            rules.rate_allowed(queries.recent_from(source, now), limit).require()
        last = db.scalar(select(func.max(Objection.seq)).where(Objection.notice_id == notice.id)) or 0
        objection = Objection(
            city=notice.city,
            case_id=notice.case_id,
            notice_id=notice.id,
            seq=last + 1,
            kind=kind,
            text=text.strip(),
            contact=contact.strip() or None,
            source=source,
            at=now,
            state="open",
        )
        db.add(objection)
        db.flush()
        audit.record(
            f"case:{notice.case_id}",
            "notices.object",
            actor=actor,
            subject=f"objection:{objection.id}",
            after={"notice": notice.no, "kind": kind, "text": audit.digest(objection.text)},
        )
        people = people_with(Role.STREET_DISCIPLINE, notice.street_id)
        notify(
            [case.owner_id, *(person.id for person in people)],
            "objection",
            f"“{notice.title}”收到一条{OBJECTION_KINDS[kind]}"[:200],
            f"/notices/{notice.no}",
            case.id,
        )
        return objection


def answer_objection(
    actor: Actor, objection_id: int, answer: str, upheld: bool, *, field: str = "answer"
) -> Objection:
    """Answer what was said about a notice, once (答复异议; ZH-24d).

    Args:
        upheld: whether it was found right (异议成立).
        field: the form field a refusal belongs to.
    """
    with unit_of_work() as db:
        objection = db.get(Objection, objection_id, with_for_update=True, populate_existing=True)
        if objection is None:
            raise NotFound
        rules.answer_allowed(objection.state, answer, field).require()
        if actor.person_id is None:
            raise Fault("答复必须由人办理")
        objection.state, objection.answer, objection.upheld = "answered", answer.strip(), upheld
        objection.answered_by, objection.answered_at = actor.person_id, clock.now()
        db.flush()
        audit.record(
            f"case:{objection.case_id}",
            "notices.answer",
            actor=actor,
            subject=f"objection:{objection.id}",
            before={"state": "open"},
            after={"state": "answered", "upheld": upheld, "answer": audit.digest(answer.strip())},
        )
        return objection


def close(
    actor: Actor, notice_id: int, at: datetime, result: str = "confirmed", reason: str = ""
) -> NoticeEvent:
    """End a notice whose period is over and whose objections are all answered (结束公示; ZH-24d).

    Raises:
        Refusals: before the end of the period, with an answer missing, or a second time.
    """
    with unit_of_work():
        notice = queries.by_id(notice_id)
        _lock(notice.case_id)
        require_all(
            rules.close_allowed(
                now=at,
                until_at=notice.until_at,
                ended=queries.event_of(notice.id) is not None,
                waiting=len(queries.open_objections(notice.case_id, notice.id)),
            )
        )
        return _end(actor, notice, "closed", at, result, reason)


def withdraw_all(actor: Actor, case: Case, at: datetime, reason: str) -> None:
    """End every running notice of a case that has ended early (撤回公示)."""
    with unit_of_work():
        for notice in queries.of_case(case.id):
            if at <= notice.until_at and queries.event_of(notice.id) is None:
                _end(actor, notice, "withdrawn", at, None, reason)


def _end(
    actor: Actor, notice: Notice, kind: str, at: datetime, result: str | None, reason: str
) -> NoticeEvent:
    db = session()
    event = NoticeEvent(
        city=notice.city,
        case_id=notice.case_id,
        notice_id=notice.id,
        kind=kind,
        result=result,
        reason=reason.strip() or None,
        at=at,
        by=actor.person_id,
    )
    db.add(event)
    db.flush()
    audit.record(
        f"case:{notice.case_id}",
        f"notices.{'close' if kind == 'closed' else 'withdraw'}",
        actor=actor,
        subject=f"notice:{notice.id}",
        after={"no": notice.no, "result": result},
    )
    return event


def _lock(case_id: int) -> Case:
    """The case's row, held until the end: an objection and the closing of its notice queue here."""
    return session().get_one(Case, case_id, with_for_update=True)
