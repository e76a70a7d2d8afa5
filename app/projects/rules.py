"""What the regulation asks of a proposal and of its review. Amounts in fen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.core.errors import YES, Decision, no
from app.core.identity import Actor, Role

QUESTIONS = ("equity", "debt", "roads", "full_time", "not_responsible", "unfit")
"""The six grounds of article 11, in its order."""
GROUNDS = {"equity": "ZH-11-1", "debt": "ZH-11-2", "roads": "ZH-11-3", "full_time": "ZH-11-4"}
"""Grounds that words of the budget can speak of."""
NUMERALS = {"ZH-11-1": "一", "ZH-11-2": "二", "ZH-11-3": "三", "ZH-11-4": "四"}
ORIGINS = {"community": "社区提议", "library": "选用项目库", "street_plan": "街道规划"}
LONGEST_TITLE = 100
COMMUNITY_ROLES = (Role.COMMITTEE_MEMBER, Role.SECRETARY)
KEEPERS = frozenset(
    {
        Role.STREET_CLERK,
        Role.STREET_FINANCE,
        Role.STREET_LEADER,
        Role.STREET_DISCIPLINE,
        Role.ORGANISATION_MEMBER,
        Role.EVALUATOR_MEMBER,
    }
)
"""Who handles the papers of a project whose beneficiaries are protected; others see the project, not its papers."""
TOTAL_WEIGHT = 100


def start_allowed(origin: str, title: str) -> list[Decision]:
    """A project comes about in one of three ways and has a name (ZH-19)."""
    found = []
    if origin not in ORIGINS:
        found.append(no("请选择项目从哪里来。", "ZH-19", "origin"))
    if not title.strip():
        found.append(no("请填写项目名称。", None, "title"))
    if len(title.strip()) > LONGEST_TITLE:
        found.append(no(f"项目名称最多 {LONGEST_TITLE} 个字，请缩短。", None, "title"))
    return found


def starter_allowed(actor: Actor, origin: str, street_id: int, community_id: int) -> Decision:
    """The street starts what it plans, the community what it proposes or picks (ZH-19-1, ZH-19-2a)."""
    if origin == "street_plan":
        if actor.has(Role.STREET_CLERK, street_id):
            return YES
        return no("街道规划项目由本街道经办发起。", "ZH-19-1")
    if any(actor.has(role, community_id) for role in COMMUNITY_ROLES):
        return YES
    return no("社区项目由本社区两委成员发起。", "ZH-19-2a")


def writer_allowed(actor: Actor, origin: str, street_id: int, community_id: int | None) -> Decision:
    """Each writes its own text: the street does not edit the community's (ZH-19-2c)."""
    if origin == "street_plan":
        if actor.has(Role.STREET_CLERK, street_id):
            return YES
        return no("街道规划项目由本街道经办填写。", "ZH-19-1")
    own = community_id is not None  # without a unit `has` would ask for any unit
    if own and any(actor.has(role, community_id) for role in COMMUNITY_ROLES):
        return YES
    return no("提案由社区填写和修改，街道不能代改，请写明意见后退回。", "ZH-19-2c")


def open_for_writing(handed_in: bool) -> Decision:
    """What has been handed in stays as it is until the street returns it (ZH-06-c)."""
    if handed_in:
        return no("提案已经报送街道，街道退回后才能修改。", "ZH-06-c")
    return YES


def withdraw_allowed(actor_id: int | None, may: Collection[int | None], approved: bool) -> Decision:
    """Who started or handed in may take it back until the street has decided."""
    if actor_id is None or actor_id not in may:
        return no("只有发起人或报送人可以撤回申报。")
    if approved:
        return no("街道已经作出决定，不能撤回；确需终止请联系街道领导。")
    return YES


def cancel_allowed(actor: Actor, street_id: int) -> Decision:
    """Ending a project is the street leader's decision (ZH-06-b)."""
    return YES if actor.has(Role.STREET_LEADER, street_id) else no("终止项目由本街道领导决定。", "ZH-06-b")


def vote_day_allowed(held_on: date, met_on: date | None) -> Decision:
    """First the deliberation, then the vote (ZH-19-2b)."""
    if met_on is not None and held_on < met_on:
        return no(f"表决不能早于议事（{met_on:%Y-%m-%d}），请核对日期。", "ZH-19-2b", "held_on")
    return YES


def listed_allowed(item_category: str | None, categories: Collection[str]) -> Decision:
    """What is bought is on the district's list of the year, under its own category (ZH-07a, ZH-13b)."""
    if item_category is None:
        return no("项目须在本区当年生效的项目清单内，请选择对应清单项。", "ZH-13b", "list_item")
    if item_category not in categories:
        return no("所选清单项与项目类别不符，请选择对应类别的清单项。", "ZH-13b", "list_item")
    return YES


def categories_allowed(
    category: str, subcategories: Collection[str], codes: Sequence[tuple[str, str, str]]
) -> list[Decision]:
    """Exactly one class of article 8 and at least one item below it (ZH-08-1…5)."""
    parents = {code: parent for code, _, parent in codes}
    if parents.get(category) != "":
        return [no("请选择一个项目大类。", "ZH-08", "category")]
    if not subcategories:
        return [no("请至少选择一个具体类别。", "ZH-08", "subcategories")]
    stray = [code for code in subcategories if parents.get(code) != category]
    if stray:
        return [no("具体类别须属于所选大类，不能跨大类选择。", "ZH-08", "subcategories")]
    return []


def targets_allowed(targets: Sequence[Mapping[str, Any]], min_satisfaction: int) -> list[Decision]:
    """Indicators with unit and weight that sum to 100, satisfaction among them (ZH-25a, ZH-26a)."""
    found: list[Decision] = []
    total = sum(int(t["weight"]) for t in targets)
    if total != TOTAL_WEIGHT:
        found.append(no(f"各项指标权重合计为 {total}，应当等于 100。", "ZH-25a", "targets"))
    found += [
        no("请写明指标的单位。", "ZH-25a", f"targets-{index}-unit")
        for index, target in enumerate(targets)
        if not str(target.get("unit", "")).strip()
    ]
    satisfaction = sum(int(t["weight"]) for t in targets if "满意度" in str(t["name"]))
    if satisfaction < min_satisfaction:
        found.append(no(f"须设“服务对象满意度”指标，权重不低于 {min_satisfaction}。", "ZH-26a", "targets"))
    return found


def self_check_allowed(answers: Mapping[str, bool]) -> list[Decision]:
    """The proposer's own answers to the six questions: a "yes" stops the proposal (ZH-11-1…6)."""
    return [
        no("属于办法第十一条禁止购买的项目，不能申报。", f"ZH-11-{number}", f"self_{key}")
        for number, key in enumerate(QUESTIONS, start=1)
        if answers.get(key)
    ]


@dataclass(frozen=True, slots=True)
class Found:
    """A budget line whose words speak of something article 11 forbids.

    Attributes:
        row: its place in the budget, from 0.
        stops: it cannot go on; else the reviewer decides with a reason.
    """

    row: int
    ref: str
    word: str
    stops: bool


def words_found(
    lines: Sequence[Mapping[str, Any]], words: Mapping[str, Sequence[str]], part_time: Sequence[str] = ()
) -> list[Found]:
    """Budget lines that speak of something forbidden (ZH-11-1…4).

    A post counts where staff is paid: training for cleaners is not a cleaner's wage. Road fittings and
    posts said not to be full-time are for the reviewer to judge.

    Args:
        words: word lists by ground ("debt", "full_time" …) from the pack.
        part_time: words that say a post is not a full-time one.
    """
    found = []
    for row, line in enumerate(lines):
        item, job = str(line.get("item") or ""), str(line.get("job") or "")
        for ground, ref in GROUNDS.items():
            staff = line.get("group") == "staff" or bool(job)
            text = f"{item} {job}" if ground != "full_time" or staff else ""
            hit = next((word for word in words.get(ground, ()) if word in text), None)
            if hit is not None:
                soft = ground == "roads" or (ground == "full_time" and any(w in text for w in part_time))
                found.append(Found(row, ref, hit, not soft))
    return found


def stops(found: Sequence[Found]) -> list[Decision]:
    """What has to leave the budget before a proposal can go on."""
    return [
        no(
            f"“{one.word}”属于办法第十一条禁止购买的内容，请删去这一行。",
            one.ref,
            f"budget-{one.row}-{'job' if one.ref == 'ZH-11-4' else 'item'}",
        )
        for one in found
        if one.stops
    ]


def warning(found: Found) -> str:
    """What the reviewer is asked to look at."""
    return (
        f"预算第 {found.row + 1} 行提到“{found.word}”，请核对是否属于办法第十一条第{NUMERALS[found.ref]}项。"
    )


def warnings_answered(found: Sequence[Found], result: str, reason: str | None) -> Decision:
    """Clearing a line that sounds forbidden takes a written reason (ZH-11-3)."""
    if result == "no" and found and not (reason or "").strip():
        return no(f"{warning(found[0])}如不属于，请在说明中写明理由。", found[0].ref, "opinion")
    return YES


def posts_allowed(lines: Sequence[Mapping[str, Any]]) -> list[Decision]:
    """Whoever is paid has a post with a name (ZH-11-4)."""
    return [
        no("人员费用请写明岗位，例如“项目社工”。", "ZH-11-4", f"budget-{row}-job")
        for row, line in enumerate(lines)
        if line.get("group") == "staff" and not str(line.get("job") or "").strip()
    ]


def leads_allowed(party: bool, committee: bool) -> list[Decision]:
    """Party organisation and residents' committee lead together (ZH-19-2a)."""
    return [
        YES if party else no("须由社区党组织确认牵头。", "ZH-19-2a", "party_confirms"),
        YES if committee else no("须由村（居）委会确认牵头。", "ZH-19-2a", "committee_confirms"),
    ]


def guardian_allowed(category: str | None, minors: bool, text: str | None) -> Decision:
    """A project of a special group with minors says how guardians consent (ZH-08-3, L-44)."""
    if minors and not (text or "").strip():
        return no("服务对象有未成年人，请写明如何取得监护人同意。", "ZH-08-3", "guardian_text")
    return YES


def papers_open(actor: Actor, units: Collection[int | None], sensitive: bool, category: str | None) -> bool:
    """Whether the papers of a project may be read by somebody who sees it.

    Papers of protected beneficiaries are for those who handle them; those of the safety class (drug
    treatment, correction …) name people to their own neighbours and stay closed to the community too
    (ZH-08-3, ZH-08-4, L-44). One's own uploads are always open to oneself.

    Args:
        units: the units of the case.
    """
    if not sensitive:
        return True
    readers = KEEPERS if category == "safety" else KEEPERS.union(COMMUNITY_ROLES)
    return any(grant.role in readers and grant.unit_id in units for grant in actor.grants)


def plan_origin_allowed(need_id: int | None, policy_ref: str | None) -> Decision:
    """A street's own project rests on a need or a policy (ZH-19-1)."""
    if need_id is None and not (policy_ref or "").strip():
        return no("请填写政策依据，或选择对应的居民需求，至少一项。", "ZH-19-1", "policy_ref")
    return YES


def submit_allowed(origin: str, vote_valid: bool | None, drafted_by: int | None) -> Decision:
    """A community hands in only what its vote has carried (ZH-19-2b, ZH-19-2c)."""
    if drafted_by is None:
        return no("提案还没有填写，不能报送。", "ZH-19-2c")
    if origin == "community" and not vote_valid:
        return no("民主表决没有通过，不能报送街道。", "ZH-19-2b")
    return YES


def rounds_allowed(round_no: int, most: int) -> Decision:
    """A bounded number of returns."""
    if round_no > most:
        return no(f"已退回修改 {most} 次，请作出同意或不同意的决定。", "ZH-19-2c", "decision")
    return YES


def statements_allowed(answers: Mapping[str, Any]) -> list[Decision]:
    """The reviewer assesses each of the three statements with a reason (ZH-05-2)."""
    names = {"basic": "基础性", "inclusive": "普惠性", "public": "公益性"}
    return [
        no(f"请写明对“{name}”的审核理由。", "ZH-05-2", f"{key}_reason")
        for key, name in names.items()
        if answers.get(f"{key}_met") is None or not str(answers.get(f"{key}_reason") or "").strip()
    ]


def exclusion_reason_allowed(
    ref: str, reason: str | None, document_no: str | None, min_chars: int
) -> list[Decision]:
    """What a finding has to be founded on: a document (ZH-11-5), a written reason (ZH-11-6)."""
    if ref == "ZH-11-5" and not (document_no or "").strip():
        return [no("以第五项为由的，请填写文件名称和文号。", "ZH-11-5", "document_no")]
    if ref == "ZH-11-6" and len((reason or "").strip()) < min_chars:
        return [no(f"以第六项为由的，理由不少于 {min_chars} 个字。", "ZH-11-6", "opinion")]
    return []


def second_person_allowed(actor_id: int | None, first: int | None) -> Decision:
    """The second look is another person's (ZH-11-6)."""
    if actor_id == first:
        return no("复核须由另一人办理，您是第一审核人。", "ZH-11-6")
    return YES


def decider_allowed(actor_id: int | None, proposers: Collection[int | None]) -> Decision:
    """Nobody approves their own proposal (ZH-06-b)."""
    if actor_id in proposers:
        return no("您参与了本项目的申报，不能审批自己的提案，请由其他领导审批。", "ZH-06-b")
    return YES


def approve_allowed(joint_agreed: bool, reserved: int, budget: int) -> list[Decision]:
    """Approval needs the joint review's agreement and the whole budget reserved (ZH-20, ZH-13b)."""
    return [
        YES
        if joint_agreed
        else no("联合审议同意人数不足，不能同意立项；请退回或不同意。", "ZH-20", "decision"),
        YES
        if reserved == budget
        else no("预留资金与预算不一致，超出可用资金，不能同意立项。", "ZH-20", "decision"),
    ]
