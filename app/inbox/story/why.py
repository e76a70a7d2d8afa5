"""Why can't I …? The rules' own answers for each act of a page, and whom to ask (为什么我不能办)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.queries import names_of_people, people_with, unit_name
from app.core.db import session
from app.core.errors import YES, Decision, no
from app.core.identity import Actor, Role
from app.files.models import StoredFile
from app.files.queries import readable_of
from app.projects import services as projects
from app.projects.queries import find
from app.runtime import acts, desk_queries, queries, returning
from app.runtime.locking import may
from app.runtime.models import Case, Task
from app.runtime.rules import role_name

ENDED = "项目已经结束，不再办理。"


@dataclass(frozen=True, slots=True)
class Answer:
    """One act that is not open to the reader.

    Attributes:
        rule: requirement id of the rule that says no, "" for none.
        ask: whom to turn to, in words.
    """

    act: str
    reason: str
    rule: str
    ask: str


def answers(actor: Actor, case: Case) -> list[Answer]:
    """Every act on the page of a case that the actor may not do, with the reason the rule gives."""
    if case.status != "running":
        return [
            Answer("办理、撤回、终止", ENDED, "", "需要更正的，请联系负责人"),
            *_closed_papers(actor, case),
        ]
    mine = {task.id for task in desk_queries.my_open_tasks(actor, case.id)}
    found: list[Answer] = []
    for task in queries.tasks_of(case.id, "open"):
        if task.id in mine:
            found += _detours(task)
        else:
            found += _refused(f"办理“{task.title}”", may(actor, task), _holders(task))
    if find(case.id) is not None:
        leaders = _people(people_with(Role.STREET_LEADER, case.street_id), Role.STREET_LEADER)
        starter = "、".join(names_of_people({case.started_by}).values())
        found += _refused("撤回申报", projects.may_withdraw(actor, case), f"发起人{starter}")
        found += _refused("终止项目", projects.may_cancel(actor, case), leaders)
    found += _last_step(actor, case)
    found += _closed_papers(actor, case)
    return found


def _refused(act: str, decision: Decision, ask: str) -> list[Answer]:
    return [] if decision else [Answer(act, decision.reason, decision.ref or "", ask)]


def _detours(task: Task) -> list[Answer]:
    """Acts that the diagram does not allow on a step of one's own."""
    ask = "流程设计人员"
    found: list[Answer] = []
    for act in ("transfer", "add_signer", "send_back", "reject"):
        found += _refused(f"{acts.act_name(act)}“{task.title}”", acts.may(task, act), ask)
    return found


def _last_step(actor: Actor, case: Case) -> list[Answer]:
    """Taking back what one has done last."""
    own = [
        task
        for task in queries.tasks_of(case.id, "done")
        if task.done_by is not None and task.done_by == actor.person_id
    ]
    if not own:
        return []
    last = max(own, key=lambda task: task.id)
    reason = returning.why_not_withdraw(case, last)
    return _refused(f"撤回“{last.title}”", no(reason) if reason else YES, "下一步的办理人")


def _closed_papers(actor: Actor, case: Case) -> list[Answer]:
    every = list(session().scalars(select(StoredFile.id).where(StoredFile.case_id == case.id)))
    closed = len(every) - len(readable_of(actor, every))
    if not closed:
        return []
    clerks = _people(people_with(Role.STREET_CLERK, case.street_id), Role.STREET_CLERK)
    reason = f"有 {closed} 份材料只供经办人员查阅：服务对象受保护，或材料不属于您的环节。"
    return [Answer("查看全部材料", reason, "ZH-08-3", clerks)]


def _holders(task: Task) -> str:
    names = names_of_people(acts.holders(task)).values()
    where = unit_name(task.unit_id)
    return f"{where}{role_name(task.role)}" + (f"（{'、'.join(sorted(names))}）" if names else "")


def _people(people: Iterable[Person], role: Role) -> str:
    names = "、".join(one.name for one in people)
    return f"{role_name(role)}（{names}）" if names else role_name(role)
