"""The demo's town on a fixed morning, and what its pages' addresses need; states it lacks are made by services."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from sqlalchemy import select

from app.accounts.models import OrgUnit, Person
from app.accounts.queries import actor as actor_of
from app.ballots import survey_queries, surveys
from app.ballots.survey_models import Survey
from app.core import clock as time
from app.core.db import session
from app.core.identity import SYSTEM, Actor
from app.files.models import StoredFile
from app.funds.models import Pot
from app.needs import services as needs
from app.needs.models import Need
from app.operations.queries import incidents
from app.organisations.models import Organisation
from app.procurement.models import Procurement
from app.runtime import acts, definitions, jobs, services
from app.runtime.models import Case, Definition, Task
from app.runtime.queries import tasks_of
from app.studio import drafts, moving, sandbox
from tests.factories.bpmn import Diagram
from tests.factories.studio import FORM


def ordinary() -> SimpleNamespace:
    """What the pages of every run need."""
    cases = list(session().scalars(select(Case).order_by(Case.id)))
    task = session().scalar(
        select(Task.id).where(Task.state == "open", Task.role == "street.clerk").order_by(Task.id)
    )
    return SimpleNamespace(ended=cases[0].no, paying=cases[2].no, task=task)


def more(clock: time.MovableClock) -> SimpleNamespace:
    """What the pages of the long run need besides."""
    found = ordinary()
    lingdao, sheji = person("lingdao"), person("sheji")
    found.decide = open_steps("review.decide")[0]
    found.pay = open_steps("payment.approve")[0]
    found.joint = open_steps("review.joint")[0]
    found.young = session().get_one(Case, session().get_one(Task, found.joint).case_id).no
    surveyed = session().get_one(Case, first(select(Survey.case_id).order_by(Survey.until_at.desc())))
    found.surveyed = surveyed.no
    survey = survey_queries.latest(surveyed.id)
    assert survey is not None
    found.code = surveys.issue_codes(person("jingban"), survey.id, 1)[0]
    acts.add_signer(lingdao, found.decide, person("lianshen1").person_id or 0, "beside", "请核对预算")
    acts.copy_to(person("jingban"), surveyed.id, [lingdao.person_id or 0], "请知悉")
    found.unit = first(select(OrgUnit.id).where(OrgUnit.kind == "street", OrgUnit.code == "440402007"))
    found.community = first(
        select(OrgUnit.id).where(OrgUnit.kind == "community", OrgUnit.parent_id == found.unit)
    )
    said = [
        needs.hear(
            community_id=found.community,
            channel="online",
            beneficiaries="老年人",
            text=text,
            device="d",
            address="a",
        )
        for text in (
            "楼道灯不亮",
            "想要理发服务",
            "健身器材松动",
            "想学用手机",
            "希望有人陪诊",
            "希望周末也开放活动室",
        )
    ]
    found.said, found.waiting = said[0].id, said[-1].id
    found.need = first(select(Need.id))
    found.pot = first(select(Pot.id).where(Pot.street_id == found.unit, Pot.year == 2026))
    found.organisation = first(select(Organisation.id))
    found.file = first(select(StoredFile.id).where(StoredFile.name.like("%扫描%")))
    found.call = (
        session()
        .scalars(
            select(Procurement.id).where(Procurement.state == "published").order_by(Procurement.id.desc())
        )
        .first()
    )
    found.awarded = first(select(Procurement.id))
    found.person = person("jingban").person_id
    studio(found, sheji)
    stuck(found, clock)
    return found


def studio(found: SimpleNamespace, sheji: Actor) -> None:
    """A draft with a change, tried."""
    draft = drafts.create(sheji, pack_key="zhuhai", process_key="zhuhai_project", title="初审意见写明理由")
    form = drafts.file_of(draft.id, "form/review.precheck.json").decode()
    drafts.save_file(
        sheji, draft.id, "form/review.precheck.json", form.replace("审核意见", "审核意见和理由").encode(), 1
    )
    found.draft, found.save = draft.id, drafts.saves_of(draft.id)[0].id
    found.trial = sandbox.begin(sheji, draft.id, "长者助餐")
    found.version = first(select(Definition.id).where(Definition.process_key == "zhuhai_project"))


def stuck(found: SimpleNamespace, clock: time.MovableClock) -> None:
    """A small process in two versions: one case stands at a step that failed, one has been moved."""
    lane, clerk = "街道经办", person("jingban")
    drawing = Diagram("stuck", "居民服务小额流程", lanes=[lane])
    drawing.start("start", lane=lane)
    drawing.user("write", "拟订方案", lane, 1, form="act")
    drawing.timer("wait", "等待期满", lane, 2, until="until")
    drawing.script("sum", "计算金额", lane, 3, source="total = base + extra")
    drawing.user("last", "归档", lane, 4, form="act")
    drawing.end("end", lane=lane, col=5)
    for pair in (("start", "write"), ("write", "wait"), ("wait", "sum"), ("sum", "last"), ("last", "end")):
        drawing.flow(*pair)
    versions = []
    old = session().get_one(Case, session().get_one(Task, found.task).case_id)
    for title in ("拟订方案", "拟订服务方案"):
        files = {
            "process/stuck.bpmn": drawing.xml().replace("拟订方案", title).encode(),
            "form/act.json": FORM,
        }
        made = definitions.deploy(
            SYSTEM, pack_key="zhuhai", process_key="stuck", title="小额流程", files=files, publish=True
        )
        versions.append(made.id)
        if len(versions) == 1:
            cases = [start(clerk, old, title) for title in ("楼道灯维修", "长者理发")]
            services.complete_task(clerk, tasks_of(cases[0].id, "open")[0].id, {"decision": "agree"})
            clock.advance(timedelta(hours=2))
            jobs.run_due()
            clock.advance(timedelta(hours=-2))
    found.stuck, found.stuck_new = versions
    found.move = moving.begin(person("fabu"), *versions, "统一名称").id
    moving.run()
    found.incident = incidents(person("xitong"))[0].incident.id


def start(clerk: Actor, like: Case, title: str) -> Case:
    return services.start_case(
        clerk,
        pack_key="zhuhai",
        process_key="stuck",
        title=title,
        street_id=like.street_id,
        community_id=like.community_id,
        owner_id=clerk.person_id or 0,
        data={"until": (time.now() + timedelta(hours=1)).isoformat(), "base": 100},
    )


def person(login: str) -> Actor:
    return actor_of(session().scalars(select(Person.id).where(Person.login == login)).one())


def open_steps(form_key: str) -> list[int]:
    query = select(Task.id).where(Task.state == "open", Task.form_key == form_key).order_by(Task.id)
    return list(session().scalars(query))


def first(query: object) -> int:
    found = session().scalars(query).first()  # type: ignore[call-overload]
    assert found is not None, query
    return int(found)
