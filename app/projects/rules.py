"""What the regulation asks of a proposal and of its review. Amounts in fen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from app.core.errors import YES, Decision, no

QUESTIONS = ("equity", "debt", "roads", "full_time", "not_responsible", "unfit")
"""The six grounds of article 11, in its order."""
STOPPED = ("ZH-11-1", "ZH-11-2", "ZH-11-4")
TOTAL_WEIGHT = 100


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


def words_found(lines: Sequence[Mapping[str, Any]], words: Mapping[str, Sequence[str]]) -> list[Decision]:
    """Budget lines whose words speak of something forbidden.

    Args:
        words: word lists by ground ("debt", "full_time" …) from the pack.
    """
    grounds = {"equity": "ZH-11-1", "debt": "ZH-11-2", "roads": "ZH-11-3", "full_time": "ZH-11-4"}
    found = []
    for index, line in enumerate(lines):
        text = f"{line.get('item', '')} {line.get('job', '')}"
        for ground, ref in grounds.items():
            hit = next((word for word in words.get(ground, ()) if word in text), None)
            if hit is not None:
                found.append(
                    no(
                        f"“{hit}”涉及办法第十一条禁止购买的内容，请删去或改写这一行。",
                        ref,
                        f"budget-{index}-item",
                    )
                )
    return found


def hard(decisions: Sequence[Decision]) -> list[Decision]:
    """The findings that stop at once; the others are warnings the reviewer decides on."""
    return [d for d in decisions if d.ref in STOPPED]


def leads_allowed(party: bool, committee: bool) -> list[Decision]:
    """Party organisation and residents' committee lead together (ZH-19-2a)."""
    return [
        YES if party else no("须由社区党组织确认牵头。", "ZH-19-2a", "party_confirms"),
        YES if committee else no("须由村（居）委会确认牵头。", "ZH-19-2a", "committee_confirms"),
    ]


def guardian_allowed(category: str | None, minors: bool, text: str | None) -> Decision:
    """A project of a special group with minors says how guardians consent (ZH-08-3, L-44)."""
    if category == "special" and minors and not (text or "").strip():
        return no("服务对象有未成年人，请写明如何取得监护人同意。", "ZH-08-3", "guardian_text")
    return YES


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
