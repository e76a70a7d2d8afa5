"""Everything the page of a case tells, gathered for one reader."""

from __future__ import annotations

from dataclasses import dataclass

from app.accounts.queries import names_of_people
from app.contracts import queries as contracts
from app.contracts.progress import Triangle, triangle
from app.core import clock
from app.core.identity import Actor
from app.inbox import stories
from app.inbox.story import deadlines, decided, related, spans
from app.inbox.story.eyes import outside
from app.inbox.story.papers import Papers, papers
from app.notices.queries import views_of
from app.projects.models import Project
from app.projects.queries import find
from app.projects.rules import papers_open
from app.runtime import acts, definitions, queries
from app.runtime.models import Case, Task

MOST_HOLDERS = 4


@dataclass(frozen=True, slots=True)
class Holder:
    """An open step with those who can do it now; outside readers are told the post only.

    Attributes:
        free: of a step that several do side by side how many parts nobody has taken; they are one line. 0 otherwise.
    """

    task: Task
    names: list[str]
    free: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """The parts of the page besides the story that the page of a step shows too."""

    outside: bool
    holders: list[Holder]
    decisions: list[tuple[str, list[decided.Decided]]]
    spans: list[spans.Span]
    triangle: Triangle | None
    papers: Papers
    deadlines: list[deadlines.Deadline]
    ties: list[related.Tie]
    earlier: list[related.Earlier]
    project: Project | None

    @property
    def opinions(self) -> int:
        """How many decisions and opinions there are."""
        return sum(len(rows) for _, rows in self.decisions)


def page(actor: Actor, case: Case, story: stories.Story) -> Page:
    """Gather the page for a reader (项目全过程)."""
    tasks = queries.tasks_of(case.id)
    known = {task.id: task for task in tasks}
    bundle = definitions.bundle(case.definition_id)
    lines = story.history[::-1]
    project = find(case.id)
    is_outside = outside(actor, case)
    reasons = not is_outside and (project is None or _reads(actor, case, project))
    published = views_of(case.id)
    return Page(
        outside=is_outside,
        holders=_holders(story, quiet=is_outside),
        decisions=decided.by_stage(decided.decisions(lines, known, bundle, reasons=reasons)),
        spans=[] if is_outside else spans.spans(tasks),
        triangle=_triangle(story),
        papers=papers(actor, case, lines, known, bundle),
        deadlines=deadlines.deadlines(story.open_tasks, published) if case.status == "running" else [],
        ties=related.ties(case, project, story.contract, published, outside=is_outside),
        earlier=related.earlier(actor, case, project),
        project=project,
    )


def _holders(story: stories.Story, *, quiet: bool) -> list[Holder]:
    mine = {task.id for task in story.my_tasks}
    shared: dict[str, list[Task]] = {}
    for task in story.open_tasks:
        if task.group_id is not None and task.claimed_by is None:
            shared.setdefault(task.group_id, []).append(task)
    found = []
    for task in story.open_tasks:
        free = shared.get(task.group_id or "", []) if task.claimed_by is None else []
        if free and task is not free[0]:
            continue
        shown = next((one for one in free if one.id in mine), task)
        found.append(Holder(shown, [] if quiet else _names(shown), len(free)))
    return found


def _names(task: Task) -> list[str]:
    return sorted(names_of_people(acts.holders(task)).values())


def _reads(actor: Actor, case: Case, project: Project) -> bool:
    units = (case.street_id, case.community_id, case.provider_id, case.evaluator_id)
    return papers_open(actor, units, project.sensitive, project.category)


def _triangle(story: stories.Story) -> Triangle | None:
    contract = story.contract
    if contract is None or contract.signed_on is None:
        return None
    return triangle(
        contract,
        contracts.instalments(contract.id),
        contracts.payments(contract.id),
        clock.today(),
        story.pack.value("advance_max_pct"),
    )
