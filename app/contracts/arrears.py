"""Nobody waits long for what was agreed: a payment that is late is told to those who answer for it (ZH-23c)."""

from __future__ import annotations

from sqlalchemy import select

from app.accounts.queries import people_with, unit
from app.audit.services import record
from app.contracts.models import Payment
from app.contracts.rules import yuan
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.identity import SYSTEM, Role
from app.messages.services import notify
from app.runtime.models import Case

BATCH = 100


def sweep(limit: int = BATCH) -> int:
    """Raise the alarm once for each payment whose day has passed (欠付预警); answers how many.

    Told are the street's leaders and finance, and the finance of the district.
    """
    late = select(Payment.id).where(
        Payment.state.in_(("checked", "approved")),
        Payment.due_day < clock.today(),
        Payment.arrears_told.is_(False),
    )
    return sum(_tell(number) for number in session().scalars(late.order_by(Payment.id).limit(limit)).all())


def _tell(number: int) -> int:
    with unit_of_work() as db:
        payment = db.scalar(
            select(Payment)
            .where(Payment.id == number, Payment.arrears_told.is_(False))
            .with_for_update(skip_locked=True)
        )
        if payment is None:
            return 0
        case = db.get_one(Case, payment.case_id)
        district = unit(case.street_id).parent_id
        people = [
            *people_with(Role.STREET_LEADER, case.street_id),
            *people_with(Role.STREET_FINANCE, case.street_id),
            *(people_with(Role.DISTRICT_FINANCE, district) if district else []),
        ]
        payment.arrears_told = True
        title = f"{yuan(payment.amount)} 已过付款期限（{payment.due_day}），还没有支付"
        notify({one.id for one in people}, "due", title, f"/cases/{case.no}", case.id, body=case.title)
        record(
            f"case:{case.id}", "contracts.arrears", actor=SYSTEM, subject=f"payment:{payment.id}",
            after={"due_day": str(payment.due_day)},
        )  # fmt: skip
        return 1
