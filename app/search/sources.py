"""What can be found, and by which words: the rooms' rows as entries of the index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from app.accounts.models import OrgUnit, Person
from app.accounts.queries import names_of_people, names_of_units
from app.contracts.models import Contract, Payment
from app.core.db import Row, session
from app.files.models import StoredFile
from app.files.rules import extension
from app.needs.models import CHANNELS, Need
from app.notices.models import KINDS, Notice
from app.organisations.models import Organisation
from app.organisations.rules import NAMES
from app.projects.models import Project
from app.runtime.models import Case
from app.search.indexing import Entry, Source, register
from app.search.models import PaperText
from app.search.reading import READ

T = TypeVar("T", bound=Row)


def _rows(model: type[T], column: InstrumentedAttribute[int], ids: Sequence[int]) -> list[T]:
    return list(session().scalars(select(model).where(column.in_(ids)).order_by(model.id)))


def cases(ids: Sequence[int]) -> Iterator[Entry]:
    """Cases by name, number, units, people, contract and vouchers."""
    found = _rows(Case, Case.id, ids)
    projects = {one.case_id: one for one in _rows(Project, Project.case_id, ids)}
    contracts = {one.case_id: one for one in _rows(Contract, Contract.case_id, ids)}
    papers: dict[int, list[str]] = {}
    for payment in _rows(Payment, Payment.case_id, ids):
        papers.setdefault(payment.case_id, []).append(f"{payment.invoice_no} {payment.voucher_no or ''}")
    units = names_of_units(
        {one for case in found for one in (case.street_id, case.community_id, case.provider_id)}
    )
    people = names_of_people({case.owner_id for case in found})
    whole = {
        one.id: one.name for one in _rows(OrgUnit, OrgUnit.id, [one for one in units if one is not None])
    }
    for case in found:
        project, contract = projects.get(case.id), contracts.get(case.id)
        parts = (case.community_id, case.street_id, case.provider_id)
        places = (units.get(one, "") for one in parts)
        words = [people.get(case.owner_id, ""), *papers.get(case.id, ())]
        words += [whole[one] for one in parts if one in whole]
        if contract is not None:
            words += [contract.no or "", contract.organisation_name]
        yield Entry(
            case.id,
            case.title,
            " · ".join([case.no, *filter(None, places)]),
            f"/cases/{case.no}",
            case.started_at,
            body=" ".join(filter(None, (project.beneficiaries, project.summary))) if project else "",
            words=" ".join(words),
            initials=(case.title,),
            case_id=case.id,
        )


def organisations(ids: Sequence[int]) -> Iterator[Entry]:
    """Organisations by name, code and filing number; never by a contact person or a telephone."""
    found = _rows(Organisation, Organisation.id, ids)
    units = names_of_units({one.unit_id for one in found})
    for one in found:
        short = units.get(one.unit_id, "")
        code = one.uscc or one.filing_no or ""
        yield Entry(
            one.id,
            one.name,
            " · ".join(filter(None, (NAMES[one.kind], code))),
            f"/organisations/{one.id}",
            words=short,
            initials=(one.name, short),
        )


def papers(ids: Sequence[int]) -> Iterator[Entry]:
    """Papers of cases by name, and by what they say once the worker has read them."""
    found = [one for one in _rows(StoredFile, StoredFile.id, ids) if one.case_id is not None]
    numbers = {one.case_id for one in found}
    rows = session().execute(select(Case.id, Case.title).where(Case.id.in_(numbers)))
    titles = {number: title for number, title in rows}
    hashes = {one.sha256 for one in found if extension(one.name) in READ}
    known = session().execute(select(PaperText.sha256, PaperText.text).where(PaperText.sha256.in_(hashes)))
    texts = {digest: text for digest, text in known}
    for one in found:
        yield Entry(
            one.id,
            one.name,
            titles[one.case_id or 0],
            f"/files/{one.id}",
            one.uploaded_at,
            body=texts.get(one.sha256, ""),
            initials=(one.name,),
            case_id=one.case_id,
            person_id=one.uploaded_by,
            waits=one.sha256 in hashes and one.sha256 not in texts,
        )


def needs(ids: Sequence[int]) -> Iterator[Entry]:
    """What residents ask for, by its words, for whom and where; not what waits or was set aside."""
    found = [one for one in _rows(Need, Need.id, ids) if one.state == "taken"]
    units = names_of_units({one.unit_id for one in found})
    for one in found:
        notes = (units.get(one.unit_id, ""), one.beneficiaries, CHANNELS.get(one.channel, one.channel))
        yield Entry(
            one.id,
            one.text,
            " · ".join(filter(None, notes)),
            f"/needs/{one.id}",
            one.created_at,
            body=one.text,
            initials=(one.text,),
        )


def notices(ids: Sequence[int]) -> Iterator[Entry]:
    """Public notices by title, number and text."""
    for one in _rows(Notice, Notice.id, ids):
        yield Entry(
            one.id,
            one.title,
            f"{KINDS[one.kind]} · {one.no} · {one.publisher}"[:300],
            f"/notices/{one.no}",
            one.published_at,
            body=one.body,
            initials=(one.title,),
        )


def people(ids: Sequence[int]) -> Iterator[Entry]:
    """People by name; where they work is asked at each search, for posts change."""
    for one in _rows(Person, Person.id, ids):
        if one.active:
            yield Entry(one.id, one.name, "", "", initials=(one.name,))


def register_sources() -> None:
    """Tell the index what can be found."""
    register(
        Source(
            "case",
            Case,
            cases,
            {
                Case: ("id", frozenset({"title", "owner_id", "provider_id", "community_id"})),
                Project: ("case_id", frozenset({"beneficiaries", "summary"})),
                Contract: ("case_id", frozenset({"no", "organisation_name"})),
                Payment: ("case_id", frozenset({"invoice_no", "voucher_no"})),
            },
        )
    )
    changed = frozenset({"name", "uscc", "filing_no"})
    register(Source("organisation", Organisation, organisations, {Organisation: ("id", changed)}))
    register(Source("paper", StoredFile, papers, {StoredFile: ("id", frozenset({"case_id", "name"}))}))
    register(Source("need", Need, needs, {Need: ("id", frozenset({"text", "beneficiaries", "state"}))}))
    register(Source("notice", Notice, notices, {Notice: ("id", frozenset())}))
    register(Source("person", Person, people, {Person: ("id", frozenset({"name", "active"}))}))
