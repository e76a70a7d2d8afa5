"""Register organisations, mend what they say of themselves, keep their credit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pypinyin import Style, lazy_pinyin
from sqlalchemy import select

from app.accounts.queries import unit
from app.accounts.services import create_unit
from app.audit.services import digest, record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Decision, Forbidden, NotFound, Refusal, require_all
from app.core.identity import Actor
from app.files import queries as files
from app.organisations import rules
from app.organisations.models import CapacityClaim, CreditEntry, Organisation

OWN_FIELDS = ("contact", "phone", "address", "scope", "areas")
"""What an organisation may change about itself; the rest is what its registration says."""
PERSONAL = ("contact", "phone")


def register_organisation(
    actor: Actor,
    *,
    kind: str,
    name: str,
    city: str,
    short_name: str | None = None,
    uscc: str | None = None,
    filing_no: str | None = None,
    filing_street_id: int | None = None,
    filing_date: date | None = None,
    is_evaluator: bool = False,
    **more: Any,
) -> Organisation:
    """Take an organisation into the register (登记社会组织; ZH-03).

    Args:
        more: contact, phone, address, scope, areas, registration_valid_until, rating, rating_valid_until.

    Raises:
        Forbidden: the actor does not keep the register.
        Refusals: wrong code, no filing, not a social organisation at all, or known already.
    """
    _permit(rules.may_register(actor))
    code = rules.clean_uscc(uscc)
    require_all(
        rules.registration_allowed(kind, code, filing_no, filing_street_id, filing_date, clock.today())
    )
    if not name.strip():
        raise Refusal("请填写社会组织的全称。", field="name", rule="ZH-03")
    with unit_of_work() as db:
        if filing_street_id is not None and unit(filing_street_id).kind != "street":
            raise Refusal("备案单位应当是镇（街道），请重新选择。", field="filing_street_id", rule="ZH-03")
        if code and db.scalar(select(Organisation.id).where(Organisation.uscc == code)):
            raise Refusal("这个统一社会信用代码已经登记，不能重复登记。", field="uscc", rule="ZH-03")
        if kind == "filed" and db.scalar(
            select(Organisation.id).where(
                Organisation.filing_street_id == filing_street_id, Organisation.filing_no == filing_no
            )
        ):
            raise Refusal("这个备案编号在该镇街已经登记，请核对。", field="filing_no", rule="ZH-03")
        made_unit = create_unit(
            actor,
            name=name.strip(),
            short_name=short_name,
            kind="evaluator" if is_evaluator else "organisation",
            city=city,
        )
        made = Organisation(
            unit_id=made_unit.id,
            kind=kind,
            name=name.strip(),
            uscc=code,
            filing_no=(filing_no or "").strip() or None,
            filing_street_id=filing_street_id,
            filing_date=filing_date,
            sort_key=" ".join(lazy_pinyin(name.strip()))[:400],
            initials="".join(lazy_pinyin(name.strip(), style=Style.FIRST_LETTER))[:60].lower(),
            is_evaluator=is_evaluator,
            **{"scope": [], "areas": [], **more},
        )
        db.add(made)
        db.flush()
        record(
            f"organisation:{made.id}",
            "organisations.register",
            actor=actor,
            subject=made.name,
            after={"kind": kind, "uscc": code, "filing_no": made.filing_no},
        )
        return made


def update_profile(actor: Actor, organisation_id: int, changes: Mapping[str, Any]) -> Organisation:
    """Change contact, scope and areas of an organisation (更正基本资料; ZH-24c).

    Args:
        changes: any of contact, phone, address, scope, areas; everything else stands in the registration.

    Raises:
        Forbidden: neither a member nor a keeper of the register.
        Refusal: something that only the registration can change.
    """
    with unit_of_work() as db:
        found = _locked(organisation_id)
        _permit(rules.may_update(actor, found.unit_id))
        if fixed := set(changes) - set(OWN_FIELDS):
            raise Refusal(
                "名称、代码、登记信息以登记机关为准，不能自行修改；有误请联系镇街更正。",
                field=min(fixed),
                rule="ZH-24c",
            )
        before = {key: _told(key, getattr(found, key)) for key in changes}
        for key, value in changes.items():
            setattr(found, key, value)
        db.flush()
        record(
            f"organisation:{found.id}",
            "organisations.update",
            actor=actor,
            subject=found.name,
            before=before,
            after={key: _told(key, value) for key, value in changes.items()},
        )
        return found


def claim_capacity(
    actor: Actor, organisation_id: int, *, kind: str, text: str, file_ids: Sequence[int]
) -> CapacityClaim:
    """Say what an organisation can do, with a paper for it (登记承接能力; ZH-24c).

    Raises:
        Forbidden: neither a member nor a keeper of the register.
        Refusals: nothing said, no paper, or a paper somebody else uploaded.
    """
    with unit_of_work() as db:
        found = _locked(organisation_id)
        _permit(rules.may_update(actor, found.unit_id))
        require_all(rules.claim_allowed(kind, text, file_ids))
        papers = files.describe(file_ids)
        if len(papers) != len(file_ids) or any(p.uploaded_by != actor.person_id for p in papers):
            raise Refusal("有证明材料不是由您上传的，请重新上传。", field="files", rule="ZH-24c")
        made = CapacityClaim(
            organisation_id=found.id,
            kind=kind,
            text=text.strip(),
            file_ids=list(file_ids),
            at=clock.now(),
            claimed_by=actor.person_id,
        )
        db.add(made)
        db.flush()
        record(
            f"organisation:{found.id}",
            "organisations.claim",
            actor=actor,
            subject=found.name,
            after={"kind": kind, "files": [paper.sha256 for paper in papers]},
        )
        return made


def record_credit(
    actor: Actor,
    *,
    organisation_id: int,
    case_id: int | None,
    kind: str,
    grade: str | None,
    text: str,
    source: str,
    list_kind: str | None = None,
    document_no: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> CreditEntry:
    """Add a line to an organisation's credit record (登记信用记录; ZH-24c).

    Args:
        kind: evaluation, honour, penalty, or listing (then `list_kind` and `since` say which and from when).

    Raises:
        Forbidden: organisations do not write credit, least of all their own.
        Refusals: nothing said, or no source.
    """
    with unit_of_work() as db:
        found = _locked(organisation_id)
        _permit(rules.may_write_credit(actor, found.unit_id))
        require_all(rules.credit_allowed(kind, text, source, list_kind, since, until))
        made = CreditEntry(
            organisation_id=found.id,
            case_id=case_id,
            kind=kind,
            grade=grade,
            text=text.strip(),
            source=source.strip(),
            document_no=document_no,
            list_kind=list_kind if kind == "listing" else None,
            since=since,
            until=until,
            at=clock.now(),
            recorded_by=actor.person_id,
        )
        db.add(made)
        db.flush()
        record(
            f"organisation:{found.id}",
            "organisations.credit",
            actor=actor,
            subject=made.source,
            after={"kind": kind, "grade": grade, "list": list_kind, "document_no": document_no},
        )
        return made


def lift_listing(actor: Actor, entry_id: int, *, text: str, source: str, since: date) -> CreditEntry:
    """Note that an organisation was taken off a dishonesty list; the old line stays (移出失信名单; K-06).

    Raises:
        Forbidden: organisations do not write credit.
        Refusal: the line is no listing, or has been lifted.
    """
    with unit_of_work() as db:
        entry = db.get(CreditEntry, entry_id)
        if entry is None:
            raise NotFound
        found = _locked(entry.organisation_id)
        _permit(rules.may_write_credit(actor, found.unit_id))
        if entry.list_kind is None or db.scalar(
            select(CreditEntry.id).where(CreditEntry.lifts_id == entry.id)
        ):
            raise Refusal("这条记录不是失信名单，或已经移出。", rule="ZH-24c")
        require_all(rules.credit_allowed("penalty", text, source, None, since, None))
        made = CreditEntry(
            organisation_id=found.id,
            kind="lifted",
            text=text.strip(),
            source=source.strip(),
            since=since,
            lifts_id=entry.id,
            at=clock.now(),
            recorded_by=actor.person_id,
        )
        db.add(made)
        db.flush()
        record(
            f"organisation:{found.id}",
            "organisations.lift",
            actor=actor,
            subject=made.source,
            after={"entry": entry.id},
        )
        return made


def _locked(organisation_id: int) -> Organisation:
    """The organisation's row, held until the end."""
    found = session().get(Organisation, organisation_id, with_for_update=True)
    if found is None:
        raise NotFound
    return found


def _permit(decision: Decision) -> None:
    """Turn a rule about who may into what the page answers with."""
    if not decision:
        raise Forbidden(decision.reason, rule=decision.ref)


def _told(key: str, value: Any) -> Any:
    """A value as audit may keep it: personal ones as a digest."""
    return digest(str(value)) if key in PERSONAL and value else value
