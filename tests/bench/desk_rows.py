"""A desk with many open tasks: rows as years of work leave them, so that every list has something to look through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from app.accounts import services as accounts
from app.accounts.models import OrgUnit
from app.core import db
from app.core.clock import now
from app.core.identity import SYSTEM, Role
from app.core.pinyin import initials
from app.messages.models import Message
from app.projects.models import Project
from app.runtime.models import Case, Task
from app.search.models import SearchEntry
from app.search.rules import INITIALS, INITIALS_KEPT, grams
from tests.bench import bulk, ours
from tests.factories.people import make_person

SHARE = 5
"""Every fifth open task can be done by the person measured; the rest lie with other roles of the street."""
OTHERS = ("street.finance", "street.leader", "street.discipline", "street.reviewer")
SERVICES = (
    "居家养老助餐服务",
    "青少年暑期托管",
    "社区矫正帮扶",
    "残疾人康复服务",
    "邻里调解服务",
    "健康讲座",
)
STAGES = ("proposal", "review", "procurement", "contract", "delivery")
RARE = "萤火虫观察营"
RARE_AT = frozenset({3, 35, 77, 110})
"""The first cases, by their order, that bear a name nobody else's has: as many in a small office as in a large one."""
PLANNED = (7_919, 100_003)
"""Due moments lie scattered, a share of them over."""


@dataclass(frozen=True)
class Desk:
    """One filled database.

    Attributes:
        own: ids of the person's first open tasks.
        no: the number of one of the cases.
    """

    engine: Engine
    office: ours.Office
    login: str
    own: list[int]
    task_id: int
    case_no: str
    no: str


def fill(engine: Engine, size: int, say: Callable[[str], None]) -> Desk:
    """Make so many open tasks, each of a case of its own, with all that lists show and search."""
    office = ours.found(engine, (12,))
    case_id = office.start(12, "样")
    task = db.session().get_one(Task, office.open_task(case_id))
    case = db.session().get_one(Case, case_id)
    case_no, task_id = case.no, task.id
    street = db.session().get_one(OrgUnit, office.street_id)
    leader = make_person("街道领导", Role.STREET_LEADER, street)
    make_person("同事", Role.STREET_CLERK, street)
    provider = accounts.create_unit(
        SYSTEM, name="晨曦社会工作服务中心", kind="organisation", city=street.city, parent_id=None
    )
    sample_case, sample_task = bulk.like(case, {}), bulk.like(task, {})
    first = case_id + 1
    numbers = range(first, first + size - 1)
    known = {one: initials(one) for one in (RARE, *SERVICES)}
    clerk, other, began = office.clerk.person_id, leader.id, now()

    def kind(n: int) -> str:
        at = n - first
        return RARE if at in RARE_AT else SERVICES[at % len(SERVICES)]

    def named(n: int) -> str:
        return f"{n - first}号网格{kind(n)}"

    def letters(n: int) -> str:
        return f"{n - first}hwg{known[kind(n)]}"

    def number(n: int) -> str:
        return f"XM2026-0402007-{n - first:06d}"

    def cases() -> Iterator[dict[str, Any]]:
        for n in numbers:
            title = named(n)
            yield {
                **sample_case, "id": n, "no": number(n), "title": title, "initials": letters(n), "state": b"",
                "started_by": clerk if n % 20 == 0 else other, "stage": STAGES[n % len(STAGES)],
                "status": "completed" if (n - first) % 1_000 == 7 else "running",
                "provider_id": provider.id if (n - first) in RARE_AT else None,
            }  # fmt: skip

    def open_tasks() -> Iterator[dict[str, Any]]:
        for n in numbers:
            due = began + timedelta(minutes=(n - first) * PLANNED[0] % PLANNED[1] - 30_000)
            yield {
                **sample_task, "id": task_id + n - case_id, "case_id": n, "rank_at": due, "due_at": due,
                "role": sample_task["role"] if (n - first) % SHARE == 0 else OTHERS[n % SHARE - 1],
                "stage": "archive" if (n - first) // SHARE in (4, 9) else STAGES[n % len(STAGES)],
                "title": "初审", "acts": "transfer,send_back,urge,batch",
            }  # fmt: skip

    def done_tasks() -> Iterator[dict[str, Any]]:
        for n in numbers[::SHARE]:
            at = began - timedelta(minutes=n - first)
            yield {
                **sample_task, "id": task_id + size + n - case_id, "case_id": n, "engine_id": f"done{n}",
                "state": "done", "done_by": clerk, "done_at": at, "outcome": "同意", "title": "受理",
            }  # fmt: skip

    def projects() -> Iterator[dict[str, Any]]:
        for n in numbers:
            yield {
                "city": sample_case["city"], "case_id": n, "origin": "community", "title": named(n),
                "category": "basic", "subcategories": [], "budget_lines": [], "targets": [],
                "wanted_sources": [], "exclusion_self": {}, "file_ids": [], "summary": "", "budget_fen": 100_00 * (n - first + 1),
            }  # fmt: skip

    def entries() -> Iterator[dict[str, Any]]:
        for n in numbers:
            title, no, short = named(n), number(n), letters(n)
            words = f"{title} {no}" + (" 晨曦社会工作服务中心" if (n - first) in RARE_AT else "")
            tokens = " ".join(INITIALS + short[at : at + INITIALS_KEPT] for at in range(len(short) - 1))
            yield {
                "kind": "case", "ref_id": n, "case_id": n, "title": title, "note": no, "url": f"/cases/{no}",
                "at": began, "body": "", "grams": f"{grams(words)} {tokens}",
            }  # fmt: skip

    def messages() -> Iterator[dict[str, Any]]:
        for n in numbers[::SHARE]:
            yield {
                "person_id": clerk, "case_id": n, "kind": "task", "title": "请办理：初审", "url": "/desk", "body": "",
                "created_at": began, "spread": True, "mail_due": False,
            }  # fmt: skip

    for table, rows, count in (
        (Case, cases(), len(numbers)),
        (Task, open_tasks(), len(numbers)),
        (Task, done_tasks(), len(numbers[::SHARE])),
        (Project, projects(), len(numbers)),
        (SearchEntry, entries(), len(numbers)),
        (Message, messages(), len(numbers[::SHARE])),
    ):
        bulk.write(table, rows, count, say)
    bulk.settle(engine, ["cases", "task", "project", "search_entry", "message"])
    own = [task_id + n - case_id for n in numbers[::SHARE]][:20]
    return Desk(engine, office, "person1", own, task_id, case_no, number(first + 50))
