"""What each person wants by mail, and which offices are told by their own gateway."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from sqlalchemy import select

from app.accounts.queries import unit
from app.audit.services import digest, record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import NotFound, Refusal
from app.core.identity import Actor, Role
from app.messages.kinds import KINDS
from app.messages.models import DIGESTS, MailSetting, Webhook
from app.messages.sending import address_refused

ADDRESS = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
DAILY_AT = time(8, 30)
_key = b""


def configure(secret_key: str) -> None:
    """Derive the key under which gateways' secrets are made."""
    global _key
    _key = hashlib.sha256(b"zhenjie webhook" + secret_key.encode()).digest()


def mail_setting(person_id: int) -> MailSetting | None:
    """A person's choice, None when nothing goes by mail."""
    return session().get(MailSetting, person_id)


def set_mail(actor: Actor, address: str, kinds: Iterable[str], digest_: str) -> None:
    """Say what comes by mail, and when (邮件提醒); an empty address stops it.

    Args:
        digest_: "hourly" or "daily" (at half past eight).

    Raises:
        Refusal: no such address, or nothing chosen.
    """
    chosen = [kind for kind in KINDS if kind in set(kinds)]
    address = address.strip()
    if address and not ADDRESS.fullmatch(address):
        raise Refusal("邮箱地址不正确，请检查，例如 zhangsan@example.gov.cn。", field="address")
    if address and not chosen:
        raise Refusal("请至少选择一类消息；不需要邮件时把邮箱清空。", field="kinds")
    if digest_ not in DIGESTS:
        raise Refusal("请选择多久汇总一次。", field="digest")
    with unit_of_work() as db:
        row = db.get(MailSetting, actor.person_id)
        if not address:
            if row is not None:
                db.delete(row)
        else:
            if row is None:
                row = MailSetting(person_id=actor.person_id)
                db.add(row)
            row.address, row.kinds, row.digest = address, chosen, digest_
            row.next_at = next_digest(clock.now(), digest_)
        after = {"address": digest(address) if address else None, "kinds": chosen, "digest": digest_}
        record(
            f"person:{actor.person_id}", "messages.mail", actor=actor, subject=f"person:{actor.person_id}",
            after=after,
        )  # fmt: skip


def next_digest(now: datetime, kind: str) -> datetime:
    """When the next digest goes out: the next full hour, or the next morning."""
    here = clock.local(now)
    if kind == "hourly":
        return (here + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    morning = datetime.combine(here.date(), DAILY_AT, clock.SHANGHAI)
    return morning if morning > here else morning + timedelta(days=1)


def webhooks(actor: Actor) -> list[Webhook]:
    """The gateways an actor looks after."""
    query = select(Webhook).order_by(Webhook.id)
    if not actor.has(Role.SYSTEM_ADMIN):
        query = query.where(Webhook.unit_id.in_(sorted(actor.scope)))
    return list(session().scalars(query))


def _keeps(actor: Actor, unit_id: int) -> bool:
    """Whether gateways of a unit are the actor's: the system administrator's reach is every unit."""
    return actor.has(Role.SYSTEM_ADMIN) or unit_id in actor.scope


def webhook(actor: Actor, number: int) -> Webhook:
    """A gateway of a unit the actor looks after.

    Raises:
        NotFound: there is none for these eyes.
    """
    found = session().get(Webhook, number)
    if found is None or not _keeps(actor, found.unit_id):
        raise NotFound
    return found


def add_webhook(actor: Actor, unit_id: int, name: str, url: str, kinds: Iterable[str]) -> Webhook:
    """Let an office's own gateway know what its people are told (对接本单位消息网关).

    Raises:
        Refusal: no name, an address that must not be called, nothing chosen.
    """
    if not _keeps(actor, unit_id):
        raise NotFound
    chosen = [kind for kind in KINDS if kind in set(kinds)]
    if not name.strip():
        raise Refusal("请填写名称。", field="name")
    refused = address_refused(url.strip())
    if refused:
        raise Refusal(refused, field="url")
    if not chosen:
        raise Refusal("请至少选择一类消息。", field="kinds")
    with unit_of_work() as db:
        made = Webhook(
            unit_id=unit(unit_id).id,
            name=name.strip()[:60],
            url=url.strip(),
            kinds=chosen,
            salt=secrets.token_hex(16),
            created_by=actor.person_id,
            created_at=clock.now(),
        )
        db.add(made)
        db.flush()
        record(
            f"webhook:{made.id}", "messages.webhook", actor=actor, subject=f"webhook:{made.id}",
            after={"unit": unit_id, "url": made.url, "kinds": chosen},
        )  # fmt: skip
        return made


def stop_webhook(actor: Actor, number: int, *, active: bool) -> None:
    """Stop a gateway, or let it go on (停用、启用)."""
    with unit_of_work():
        found = webhook(actor, number)
        before, found.active = found.active, active
        record(
            f"webhook:{found.id}", "messages.webhook", actor=actor, subject=f"webhook:{found.id}",
            before={"active": before}, after={"active": active},
        )  # fmt: skip


def secret_of(found: Webhook) -> str:
    """The word by which the receiver knows our signature; shown to its keeper, stored nowhere."""
    return hmac.new(_key, f"{found.id}:{found.salt}".encode(), hashlib.sha256).hexdigest()
