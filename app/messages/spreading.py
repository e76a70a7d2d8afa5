"""From the message box to mails and offices' gateways: done by the worker, after the act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.accounts.models import Membership, OrgUnit, Person
from app.core import clock, outbox
from app.core.db import session, unit_of_work
from app.messages import sending
from app.messages.kinds import KINDS
from app.messages.models import MailSetting, Message, Webhook
from app.messages.settings import next_digest, secret_of

BATCH = 200
MOST_LISTED = 40


def register() -> None:
    """Tell the outbox how mails and calls go out."""
    outbox.channel("mail", sending.send_mail, outside=True)
    outbox.channel("webhook", _call, outside=True)


def run() -> int:
    """Hand on what is new and what is due (消息分发); answers how much was done."""
    return _spread() + _digests() + outbox.deliver()


def _spread() -> int:
    """Mark new messages for the next digest, and note the calls to offices' gateways."""
    with unit_of_work() as db:
        fresh = list(
            db.scalars(
                select(Message)
                .where(Message.spread.is_(False))
                .order_by(Message.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
        )
        if not fresh:
            return 0
        people = sorted({one.person_id for one in fresh})
        chosen = db.scalars(select(MailSetting).where(MailSetting.person_id.in_(people)))
        wanted = {one.person_id: one.kinds for one in chosen}
        hooks = _hooks(people)
        for one in fresh:
            one.spread = True
            one.mail_due = one.kind in wanted.get(one.person_id, ())
            for hook, unit, name in hooks.get(one.person_id, ()):
                if one.kind in hook.kinds:
                    _note_call(one, hook, unit, name)
        return len(fresh)


def _hooks(people: Sequence[int]) -> dict[int, list[tuple[Webhook, str, str]]]:
    posts = (
        select(Membership.person_id, Membership.unit_id).where(Membership.person_id.in_(people)).distinct()
    )
    place = posts.subquery()
    rows = session().execute(
        select(place.c.person_id, Webhook, OrgUnit.short_name, Person.name)
        .join(Webhook, Webhook.unit_id == place.c.unit_id)
        .join(OrgUnit, OrgUnit.id == Webhook.unit_id)
        .join(Person, Person.id == place.c.person_id)
        .where(Webhook.active)
    )
    found: dict[int, list[tuple[Webhook, str, str]]] = {}
    for person_id, hook, unit, name in rows:
        found.setdefault(person_id, []).append((hook, unit, name))
    return found


def _note_call(message: Message, hook: Webhook, unit: str, name: str) -> None:
    body = {
        "kind": message.kind,
        "kind_name": KINDS.get(message.kind, message.kind),
        "title": message.title,
        "text": message.body,
        "url": sending.link(message.url),
        "person": name,
        "unit": unit,
        "at": message.created_at.isoformat(),
    }
    outbox.put("webhook", f"webhook:{hook.id}:{message.id}", {"webhook": hook.id, "body": body})


def _call(key: str, payload: Mapping[str, Any]) -> None:
    hook = session().get(Webhook, payload["webhook"])
    if hook is not None and hook.active:
        url, secret = hook.url, secret_of(hook)
        session().rollback()  # nothing is held open while the other side thinks
        sending.call(key, url, secret, {"id": key, **payload["body"]})


def _digests() -> int:
    """One mail for each person whose time has come and who has something to read."""
    due = session().scalars(
        select(MailSetting.person_id).where(MailSetting.next_at <= clock.now()).limit(BATCH)
    )
    return sum(_digest(person_id) for person_id in due.all())


def _digest(person_id: int) -> int:
    now = clock.now()
    with unit_of_work() as db:
        setting = db.scalar(
            select(MailSetting)
            .where(MailSetting.person_id == person_id, MailSetting.next_at <= now)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        if setting is None:
            return 0
        waiting = select(Message).where(Message.person_id == person_id, Message.mail_due.is_(True))
        found = list(db.scalars(waiting.order_by(Message.id).with_for_update()))
        setting.next_at = next_digest(now, setting.digest)
        for one in found:
            one.mail_due = False
        unread = [one for one in found if one.read_at is None]
        if not unread:
            return 0
        outbox.put(
            "mail",
            f"mail:{person_id}:{unread[0].id}-{unread[-1].id}",
            {
                "person": person_id,
                "to": setting.address,
                "subject": f"镇街购：{len(unread)} 条未读消息",
                "text": _text(unread),
            },
        )
        return 1


def _text(unread: Sequence[Message]) -> str:
    """The digest as plain text: pressing kinds first, each line with its link."""
    order = list(KINDS)
    lines = []
    rows = sorted(unread, key=lambda one: (order.index(one.kind) if one.kind in order else 99, one.id))
    for one in rows[:MOST_LISTED]:
        at = f"{clock.local(one.created_at):%m-%d %H:%M}"
        lines += [f"【{KINDS.get(one.kind, '消息')}】{one.title}（{at}）"]
        lines += [f"  {one.body}"] if one.body else []
        lines += [f"  {sending.link(one.url)}", ""]
    if len(rows) > MOST_LISTED:
        lines += [f"另有 {len(rows) - MOST_LISTED} 条，请登录查看：{sending.link('/messages')}", ""]
    return "\n".join([*lines, "不想再收到邮件，请在“消息设置”里修改：" + sending.link("/messages/settings")])
