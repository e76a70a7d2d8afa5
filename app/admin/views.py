"""The front page of the administration."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, url_for

from app.accounts import directory
from app.accounts.access import Permission, allowed, current_actor, requires
from app.admin import (  # noqa: F401 - they add their pages
    audit_views,
    calendar_views,
    import_views,
    people_views,
    policy_views,
    role_views,
    setup,
    unit_views,
)
from app.admin.blueprint import bp
from app.core.identity import Actor
from app.funds.rules import may_read
from app.policy import queries as policy

__all__ = ["bp"]


@dataclass(frozen=True, slots=True)
class Card:
    """A door of the administration."""

    title: str
    text: str
    icon: str
    href: str
    state: str = ""
    tone: str = ""


@bp.get("")
@requires(Permission.SEE_ADMIN)
def home() -> str:
    """Doors to all of the administration that one may enter (管理首页)."""
    return render_template("admin/home.html", active="admin", cards=_cards(current_actor()))


@bp.get("/setup")
@requires(Permission.SEE_ADMIN)
def setup_page() -> str:
    """What is left to do before the first project (开始设置)."""
    mine = setup.of(current_actor())
    return render_template("admin/setup.html", active="admin", steps=setup.steps(), mine=mine)


def _cards(actor: Actor) -> list[Card]:
    cards = []
    if not setup.finished():
        left = [one for one in setup.steps() if not one.done]
        if left:
            words = f"还有 {len(left)} 项，接下来：{left[0].title}"
            text = "发起第一个项目之前要做的事"
            cards.append(Card("开始设置", text, "list-check", url_for("admin.setup_page"), words, "warn"))
    if allowed(actor, Permission.SEE_PEOPLE):
        asked = directory.request_count()
        words, tone = (f"{asked} 项等待授予", "warn") if asked else ("", "")
        cards += [
            Card("单位", "市、区、镇街、社区、部门", "sitemap", url_for("admin.units_tree")),
            Card("人员", "账号、密码、调动、工作交接", "users", url_for("admin.people_list")),
            Card("岗位", "谁在哪个单位担任什么岗位", "user-check", url_for("admin.roles_home"), words, tone),
        ]
    if allowed(actor, Permission.SEE_POLICY):
        packs = {one.key: policy.latest(one.key) for one in policy.versions()}
        waiting = sum(len(one.waiting) for one in packs.values() if one is not None)
        words, tone = (f"{waiting} 项取值待确认", "warn") if waiting else ("", "")
        cards += [
            Card(
                "政策包", "取值、来源、确认和版本", "certificate", url_for("admin.policy_home"), words, tone
            ),
            Card("工作日历", "工作日、放假和调休", "calendar", url_for("admin.calendar_year")),
        ]
    if may_read(actor):
        cards.append(Card("资金", "资金来源、拨入和台账", "coin-yuan", url_for("funds.street")))
    if allowed(actor, Permission.MANAGE_LIST):
        cards.append(Card("项目清单", "编制和公布本年度清单", "list-check", url_for("catalogue.lists")))
    if allowed(actor, Permission.MANAGE_GATEWAYS):
        words = "把消息转到企业微信、钉钉或短信，查看发出的邮件"
        cards.append(Card("消息网关", words, "plug-connected", url_for("messages.gateways")))
    if allowed(actor, Permission.SEE_AUDIT):
        cards.append(Card("审计", "查询操作记录，验证完整性", "shield-check", url_for("admin.audit_log")))
    return cards
