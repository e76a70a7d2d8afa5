"""Try a draft with demo people, money and a movable clock, in a database of its own (沙箱).

The database of a try lives in memory while one acts in it and lies compressed in one row of the office's database in
between: any machine goes on with it, and nothing of it reaches the office's data, because database, clock, uploads and
caches are those of the context that opens it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.orm import undefer

from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, Fault, NotFound, Refusal
from app.core.identity import SYSTEM, Actor
from app.policy import services as policy
from app.runtime import definitions, jobs, recording, services
from app.runtime.models import Case
from app.studio import drafts, publishing, staging
from app.studio.models import ModelTry

MOST = 3
"""Tries one person keeps at a time; the oldest makes room."""
MOST_OF_ALL = 40
LASTS = timedelta(hours=6)
"""A try nobody has touched for so long is thrown away."""
FARTHEST = timedelta(days=1500)
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Opened:
    """A try while one acts in it.

    Attributes:
        clock: the time in there; what it shows at the end is kept.
        steps: what has been done, as a test plays it again.
    """

    token: str
    draft_id: int
    case_id: int
    clock: clock.MovableClock
    stage: staging.Stage
    steps: list[dict[str, Any]]

    def record(self, do: Callable[[], Answer]) -> Answer:
        """Carry something out and remember it as steps that can be played again."""
        with recording.listening() as heard:
            answer = do()
        self.steps += [one for one in heard if "open" in one]
        return answer


def begin(actor: Actor, draft_id: int, title: str) -> str:
    """Open a try of a draft as it stands and start a case in it (试办); answers its token.

    Raises:
        Refusal: the draft cannot run, or too many tries are open.
    """
    stage = staging.stage()
    draft = drafts.find(draft_id)
    files = drafts.files_of(draft_id)
    pack = publishing.pack_of(files, draft.pack_key)
    models = {n: d for n, d in files.items() if n.split("/")[0] in definitions.MODEL_FOLDERS}
    definitions.require_runnable(models, draft.process_key, pack.lanes)
    _tidy(actor)
    token, at = secrets.token_urlsafe(18), clock.now()
    morning = clock.local(at).replace(hour=9, minute=0, second=0, microsecond=0)
    opened = Opened(token, draft_id, 0, clock.MovableClock(morning), stage, [])
    with staging.inside(token, opened.clock, staging.world(morning)) as own:
        kept = policy.store(SYSTEM, pack)
        definitions.deploy(
            SYSTEM,
            pack_key=draft.pack_key,
            process_key=draft.process_key,
            title=draft.title,
            files=models,
            publish=True,
            origin=definitions.Origin(None, pack_version_id=kept.id),
        )
        name = (title.strip() or "试办项目")[:200]
        opened.case_id = opened.record(lambda: opened.stage.start(draft.process_key, name))
        image = staging.packed(own)
    with unit_of_work() as office:
        office.add(
            ModelTry(
                token=token,
                draft_id=draft_id,
                draft_rev=draft.rev,
                person_id=actor.person_id,
                case_id=opened.case_id,
                created_at=at,
                used_at=at,
                shows=opened.clock.now(),
                steps=opened.steps,
                rev=1,
                image=image,
            )
        )
    return token


@contextmanager
def acting(actor: Actor, token: str) -> Iterator[Opened]:
    """Act in a try. What was refused leaves no trace; what is broken leaves its incident.

    Raises:
        NotFound: no such try of this person, or it has been thrown away.
        Conflict: another window has acted in it meanwhile.
    """
    row = _whole(actor, token)
    opened, rev = _opened(row), row.rev
    with staging.inside(token, opened.clock, staging.unpacked(row.image)) as own:
        try:
            yield opened
        except Fault:
            image = staging.packed(own)
            _keep(opened, rev, image)
            raise
        image = staging.packed(own)
    _keep(opened, rev, image)


@contextmanager
def looking(actor: Actor, token: str) -> Iterator[Opened]:
    """Read in a try.

    Raises:
        NotFound: no such try of this person, or it has been thrown away.
    """
    row = _whole(actor, token)
    opened = _opened(row)
    with staging.inside(token, opened.clock, staging.unpacked(row.image)):
        yield opened


def complete(actor: Actor, token: str, task_id: int, as_whom: Actor, answers: Mapping[str, Any]) -> None:
    """Do a step as one of the demo's people (试办一步), and what others do meanwhile."""
    with acting(actor, token) as opened:
        opened.record(lambda: services.complete_task(as_whom, task_id, answers))
        opened.stage.afterwards(opened.case_id, task_id)


def complete_by_itself(actor: Actor, token: str, task_id: int, as_whom: Actor | None = None) -> None:
    """Do a step with ordinary answers (代填办理), as this person or as who would ordinarily do it."""
    with acting(actor, token) as opened:
        who = as_whom or opened.stage.who(opened.case_id, task_id)
        answers = opened.stage.answers(who, opened.case_id, task_id)
        opened.record(lambda: services.complete_task(who, task_id, answers))
        opened.stage.afterwards(opened.case_id, task_id)


def move_clock(actor: Actor, token: str, until: datetime | None) -> None:
    """Let time pass, and what falls due meanwhile (拨快时间); None: until the next deadline of the flow."""
    with acting(actor, token) as opened:
        goal = until or _next_due(opened.case_id)
        if goal is None:
            raise Refusal("流程现在没有等待中的期限，请直接选择天数。", field="until")
        if goal > opened.clock.now() + FARTHEST:
            raise Refusal("时间最多拨到四年以后。", field="until")
        while (due := _next_due(opened.case_id)) is not None and due <= goal:
            opened.clock.set(max(due, opened.clock.now()) + timedelta(seconds=1))
            if not opened.record(jobs.run_due):
                break  # it failed and has its incident; time goes on
        opened.clock.set(max(goal, opened.clock.now()))


def end(actor: Actor, token: str) -> int:
    """Throw a try away (结束试办); answers its draft."""
    with unit_of_work() as office:
        row = find(actor, token)
        draft_id = row.draft_id
        office.delete(row)
    return draft_id


def keep_as_test(actor: Actor, token: str, title: str) -> str:
    """Make the run a test of the draft: given these answers, it goes here (录制为测试); answers the file's name."""
    row = find(actor, token)
    words = title.strip()[:80]
    if not words:
        raise Refusal("请给这条试办记录起个名字。", field="title")
    run = {"title": words, "process": drafts.find(row.draft_id).process_key, "steps": row.steps}
    name = f"tests/run-{row.created_at:%Y%m%d%H%M%S}-{len(row.steps)}.json"
    data = orjson.dumps(run, option=orjson.OPT_INDENT_2)
    drafts.save_files(actor, row.draft_id, {name: data}, "recorded", f"录制试办“{words}”")
    return name


def find(actor: Actor, token: str) -> ModelTry:
    """A try of this person.

    Raises:
        NotFound: no such try, or it has been thrown away.
    """
    row = session().get(ModelTry, token, populate_existing=True)
    if row is None or row.person_id != actor.person_id:
        raise NotFound("这次试办已经结束或过期，请回到草稿重新开始。")
    return row


def tries_of(actor: Actor, draft_id: int) -> list[ModelTry]:
    """The person's open tries of a draft."""
    query = select(ModelTry).where(ModelTry.draft_id == draft_id, ModelTry.person_id == actor.person_id)
    return list(session().scalars(query.order_by(ModelTry.created_at)))


def _whole(actor: Actor, token: str) -> ModelTry:
    """A try with its database, both as of one moment."""
    find(actor, token)
    query = select(ModelTry).where(ModelTry.token == token).options(undefer(ModelTry.image))
    row = session().scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("这次试办已经结束，请回到草稿重新开始。")
    return row


def _keep(opened: Opened, rev: int, image: bytes) -> None:
    """Put a try's database back, unless another act was faster."""
    with unit_of_work() as office:
        made = update(ModelTry).where(ModelTry.token == opened.token, ModelTry.rev == rev)
        values = {
            "rev": rev + 1,
            "image": image,
            "used_at": clock.now(),
            "shows": opened.clock.now(),
            "steps": opened.steps,
        }
        found = office.scalar(made.values(**values).returning(ModelTry.token))
        if found is None:
            raise Conflict("这次试办刚才在另一个窗口里办过或者结束了。请刷新页面，在最新的位置上办理。")


def _next_due(case_id: int) -> datetime | None:
    query = select(Case.next_due).where(Case.id == case_id, Case.status == "running")
    found: datetime | None = session().scalar(query)
    return found


def _opened(row: ModelTry) -> Opened:
    moving = clock.MovableClock(row.shows)
    return Opened(row.token, row.draft_id, row.case_id, moving, staging.stage(), list(row.steps))


def _tidy(actor: Actor) -> None:
    """Make room: what is old goes, then the person's oldest."""
    with unit_of_work() as office:
        rows = list(office.scalars(select(ModelTry).order_by(ModelTry.used_at)))
        oldest = clock.now() - LASTS
        gone = {row.token: row for row in rows if row.used_at < oldest}
        own = [row for row in rows if row.person_id == actor.person_id and row.token not in gone]
        gone |= {row.token: row for row in own[: max(0, len(own) - MOST + 1)]}
        for row in gone.values():
            office.delete(row)
        office.flush()
        if (office.scalar(select(func.count()).select_from(ModelTry)) or 0) >= MOST_OF_ALL:
            raise Refusal("同时试办的人太多，请稍后再试。")
