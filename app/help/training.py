"""The training copy: change places with one click and follow a small case; exists in the demo only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts import sign_in
from app.accounts.access import public
from app.accounts.demo import PASSWORD, demo_logins
from app.accounts.models import Person
from app.accounts.queries import names_of_units
from app.accounts.views import enter, safe
from app.core.db import session as db_session
from app.runtime.acts import holders
from app.runtime.models import Case, Task
from app.runtime.rules import role_name

bp = Blueprint("training", __name__, template_folder="templates")
CASES = 6
STEPS = (
    "以社区两委成员身份发起一个项目，填写两委牵头的情况",
    "填写议事情况和项目申报内容：受益人、预算、绩效目标",
    "登记表决结果，由书记把申报送到街道",
    "以街道经办身份做完整性审核，逐条核对不得购买的情形",
    "以街道财务身份核对预算，把资金预留下来",
    "三位联审人员各自提出意见",
    "以街道领导身份决定立项",
    "发布项目公示，把时间往后拨，公示期满后关闭",
    "选择采购方式，发布采购文件，以社会组织身份提交响应文件",
    "开启、评审、定标、签合同，申请并支付预付款",
)


@bp.get("/demo/play")
@public
def play() -> str:
    """Ten steps through a small case, each as the one who does it (十分钟演练)."""
    _demo_only()
    query = select(Case).where(Case.status == "running").order_by(Case.id.desc()).limit(CASES)
    cases = list(db_session().scalars(query))
    tasks = list(
        db_session().scalars(
            select(Task)
            .where(Task.case_id.in_([one.id for one in cases]), Task.state == "open")
            .order_by(Task.id)
        )
    )
    return render_template(
        "help/play.html",
        active="help",
        steps=STEPS,
        cases=cases,
        steps_of=_steps(tasks),
        units=names_of_units({one.community_id for one in cases}),
        logins=demo_logins(),
        role_name=role_name,
        signed_in=current_user.is_authenticated,
        clock_url=url_for("demo_clock.page"),
    )


@bp.post("/demo/become")
@public
def become() -> Response:
    """Go on as somebody else of the demo (换一个身份)."""
    _demo_only()
    person = sign_in.authenticate(request.form.get("login", ""), PASSWORD)
    session.clear()
    enter(person)
    flash(f"现在您是：{person.name}", "info")
    wanted = request.form.get("next", "")
    return redirect(wanted if safe(wanted) else url_for("inbox.desk"))


def _demo_only() -> None:
    if not current_app.config["SETTINGS"].is_demo:
        abort(404)


@dataclass
class Step:
    """What is to be done next in a case; the parts of one multi-instance step are one.

    Attributes:
        parts: how many have to do it.
        people: login, name and the part he does, of everybody who may.
    """

    task: Task
    parts: int
    people: dict[str, tuple[str, int]]


def _steps(tasks: Sequence[Task]) -> dict[int, list[Step]]:
    """The open steps by case."""
    made: dict[tuple[int, str], Step] = {}
    for task in tasks:
        step = made.setdefault((task.case_id, task.group_id or task.engine_id), Step(task, 0, {}))
        step.parts += 1
        for login, name in _who(task):
            step.people.setdefault(login, (name, task.id))
    found: dict[int, list[Step]] = {}
    for (case_id, _), step in made.items():
        found.setdefault(case_id, []).append(step)
    return found


def _who(task: Task) -> list[tuple[str, str]]:
    rows = db_session().execute(
        select(Person.login, Person.name).where(Person.id.in_(holders(task))).limit(4)
    )
    return [(login, name) for login, name in rows]
