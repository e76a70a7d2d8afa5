"""Who may judge, what a judgement needs, what it comes to. Knows no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.ballots.survey_rules import SurveyResult
from app.core import clock
from app.core.errors import YES, Decision, no


@dataclass(frozen=True, slots=True)
class Tie:
    """A contract between an evaluator and an organisation; without an end it still runs."""

    title: str
    signed_on: date
    ended_on: date | None


@dataclass(frozen=True, slots=True)
class Total:
    """The points of an evaluation, in hundredths."""

    performance: int
    satisfaction: int
    total: int


def years_before(day: date, years: int) -> date:
    """The same day some years earlier; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def weight_allowed(weight: int | None, floor: int | None) -> Decision:
    """Satisfaction is always an indicator, with at least the pack's weight (ZH-26a)."""
    if not weight:
        return no("服务对象满意度是必设指标，请填写它的权重。", "ZH-26a", "satisfaction_weight")
    if floor is not None and weight < floor:
        return no(f"服务对象满意度的权重不能低于 {floor}%。", "ZH-26a", "satisfaction_weight")
    if weight > 100:
        return no("权重不能超过 100%。", "ZH-26a", "satisfaction_weight")
    return YES


def sample_allowed(planned: int, min_n: int | None) -> Decision:
    """The sample that is planned can give a figure at all (ZH-26a)."""
    if min_n is not None and planned < min_n:
        return no(f"至少要调查 {min_n} 人，否则不能得出满意度。", "ZH-26a", "sample")
    return YES


def independence_allowed(
    *,
    evaluator_unit_id: int,
    provider_unit_id: int | None,
    declared: bool,
    has_files: bool,
    ties: Sequence[Tie],
    today: date,
    years: int,
) -> list[Decision]:
    """A third party is independent of the provider, and says so in writing (ZH-27a)."""
    found: list[Decision] = []
    if evaluator_unit_id == provider_unit_id:
        found.append(no("承接方不能评价自己承接的项目，请另选评估机构。", "ZH-27a", "evaluator_unit"))
    if not declared:
        found.append(no("评估机构须声明与承接方、街道经办人员没有利害关系。", "ZH-27a", "independence"))
    if not has_files:
        found.append(no("请上传评估机构盖章的独立性声明。", "ZH-27a", "declaration_files"))
    since = years_before(today, years)
    for tie in ties:
        last = max(tie.signed_on, tie.ended_on) if tie.ended_on else today
        if last >= since:
            found.append(
                no(
                    f"该评估机构与承接方近 {years} 年内有合同关系（“{tie.title}”，"
                    f"{tie.signed_on.isoformat()} 签订），不能评价本项目，请另选评估机构。",
                    "ZH-27a",
                    "evaluator_unit",
                )
            )
            break
    return found


def parties_allowed(counts: Mapping[str, int], needed: Mapping[str, int]) -> list[Decision]:
    """The community's committees and the residents' representatives have given their opinion (ZH-27b).

    Args:
        counts: opinions by party.
        needed: least number by party, as the pack says.
    """
    names = {"committee": "社区“两委”成员", "resident_representative": "居民代表"}
    return [
        no(
            f"还没有收齐意见：须有 {least} 名{names[party]}出具意见，现有 {counts.get(party, 0)} 名。",
            "ZH-27b",
        )
        for party, least in needed.items()
        if counts.get(party, 0) < least
    ]


def survey_until_allowed(last_day: date, earliest: date, days: int | None) -> Decision:
    """People get at least the pack's number of working days to answer (ZH-26a)."""
    if last_day < earliest:
        return no(
            f"调查至少要开展 {days} 个工作日，截止日期不能早于 {earliest.isoformat()}。",
            "ZH-26a",
            "survey_until",
        )
    return YES


def survey_over(now: datetime, until_at: datetime) -> Decision:
    """Nobody scores while people may still answer (ZH-26a)."""
    if now < until_at:
        return no(
            f"满意度调查要到 {clock.local(until_at):%Y年%m月%d日} 结束，结束后才能评分。",
            "ZH-26a",
        )
    return YES


def satisfaction_allowed(result: SurveyResult) -> Decision:
    """Too few answers are no figure, and without a figure there is no judgement (ZH-26a)."""
    if not result.sufficient:
        return no(
            f"有效问卷只有 {result.n} 份，少于 {result.min_n} 份，样本不足，不能得出满意度。"
            "请在“满意度调查”页面延长调查或补录纸质问卷。",
            "ZH-26a",
        )
    return YES


def indicators_allowed(
    targets: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> list[Decision]:
    """Every target of the contract is judged, none is added."""
    if len(rows) != len(targets):
        return [no(f"合同中有 {len(targets)} 项绩效指标，须逐项评分。", "ZH-25a", "indicators")]
    return [
        no("得分应在 0 到 100 之间。", None, f"indicators-{index}-score")
        for index, row in enumerate(rows)
        if not 0 <= row.get("score", -1) <= 100
    ]


def split_targets(targets: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], int | None]:
    """The targets people judge, and the weight the contract itself gives to satisfaction (None: it has none).

    What beneficiaries think is never judged by somebody else: such a target takes its points from the survey.
    """
    satisfied = [target for target in targets if "满意度" in str(target["name"])]
    judged = [target for target in targets if target not in satisfied]
    return judged, sum(int(target["weight"]) for target in satisfied) if satisfied else None


def total_of(
    weights: Sequence[int], scores: Sequence[int], satisfaction_weight: int, satisfaction: int
) -> Total:
    """The weighted total in hundredths of a point, half rounded up.

    The judged targets together count for what satisfaction leaves, whatever their weights sum to.

    Args:
        scores: 0–100 for each target.
        satisfaction: hundredths of a percent.
    """
    raw, whole = sum(w * s for w, s in zip(weights, scores, strict=True)), sum(weights)
    if whole == 0:
        return Total(0, satisfaction, satisfaction)
    share = 100 - satisfaction_weight
    upper = raw * 100 * share + satisfaction * satisfaction_weight * whole
    return Total((2 * raw * 100 + whole) // (2 * whole), satisfaction, (upper + 50 * whole) // (100 * whole))


def scorer_allowed(third_party: bool, street_roles: bool, provider_roles: bool) -> Decision:
    """Who scores for a third party belongs to neither the street nor the provider (ZH-27a)."""
    if provider_roles:
        return no("您是承接方人员，不能参与本项目的评价。", "ZH-27a")
    if third_party and street_roles:
        return no("您在该街道任职，不能代表第三方评价本项目。", "ZH-27a")
    return YES


def confirmation_allowed(
    decision: str, opinion: str, actor_id: int | None, scored_by: int | None
) -> list[Decision]:
    """Nobody confirms an own score; a rectification needs its reason."""
    found: list[Decision] = []
    if actor_id is not None and actor_id == scored_by:
        found.append(no("您是本项目的评分人，不能确认自己的评分，请由其他人员确认。"))
    if decision == "rectify" and not opinion.strip():
        found.append(no("要求整改的，请写明整改内容和期限。", "ZH-26", "opinion"))
    return found


def correction_allowed(decision: str, correction: str, upheld: Sequence[bool]) -> list[Decision]:
    """An objection found right is followed by a public correction, and only then."""
    found: list[Decision] = []
    if any(upheld) and decision == "confirmed":
        found.append(no("有异议成立，须发布更正说明。", "ZH-27c", "decision"))
    if decision == "corrected" and not correction.strip():
        found.append(no("请写明更正的内容。", "ZH-27c", "correction"))
    return found


def points(hundredths: int | None) -> str:
    """Hundredths as people read them: 9060 → 90.60."""
    return "" if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02d}"
