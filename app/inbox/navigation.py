"""What every page of the workbench shows around its content."""

from __future__ import annotations

from typing import Any

from flask import current_app, request, url_for
from flask_login import current_user

from app.accounts.access import Permission, allowed, current_actor, seconds_left
from app.accounts.queries import unit_name
from app.accounts.rules import ADMINISTRATORS
from app.core.identity import Actor, Role
from app.funds.rules import READERS as FUND_READERS
from app.messages.queries import unread_of
from app.needs.rules import may_read as reads_needs
from app.organisations.rules import KEEPERS, MEMBERS
from app.procurement.queries import READERS as BID_READERS
from app.runtime.desk_queries import desk_total
from app.runtime.rules import STAGES, role_name
from app.ui.navigation import NavGroup, NavItem

STARTERS = (Role.COMMITTEE_MEMBER, Role.SECRETARY, Role.STREET_CLERK)


def context() -> dict[str, Any]:
    """Values for the page shell: navigation, who is signed in, where."""
    base = {
        "settings": current_app.config["SETTINGS"],
        "stages": STAGES,
        "path": request.path,
        "login_url": url_for("accounts.login"),
    }
    if not current_user.is_authenticated:
        return {**base, "actor": None, "nav": [], "unit_name": "", "role_names": ""}
    actor = current_actor()
    unread, newest = unread_of(actor.person_id or 0)
    grant = next(iter(sorted(actor.grants, key=lambda g: (g.unit_id, g.role))), None)
    return {
        **base,
        "logout_url": url_for("accounts.logout"),
        "search_url": url_for("search.results"),
        "account_items": [
            NavItem("delegations", "请人代理", "user-check", url_for("acts.delegations_list")),
            NavItem("help", "帮助", "help-circle", url_for("help.home")),
            NavItem("mail", "消息设置", "mail", url_for("messages.mail")),
            NavItem("phrases", "常用意见", "message-2", url_for("lists.phrases")),
            NavItem("password", "修改密码", "lock", url_for("accounts.password")),
        ],
        "messages_url": url_for("acts.message_box"),
        "unread": unread,
        "newest_message": newest,
        "actor": actor,
        "session_seconds": seconds_left(),
        "nav": groups(actor, desk_total(actor)),
        "unit_name": unit_name(grant.unit_id) if grant else "",
        "role_names": "、".join(
            dict.fromkeys(role_name(g.role) for g in sorted(actor.grants, key=lambda g: g.role))
        ),
    }


def groups(actor: Actor, waiting: int) -> list[NavGroup]:
    """The navigation of a person: what the person's roles can use."""
    work = [NavItem("desk", "我的待办", "checklist", "/desk", waiting)]
    work.append(NavItem("done", "我的已办", "circle-check", "/desk/done"))
    if any(actor.has(role) for role in STARTERS):
        work.append(NavItem("start", "发起项目", "plus", "/desk/start"))
    work.append(NavItem("mine", "我发起的", "send", "/desk/mine"))
    work.append(NavItem("copies", "抄送我的", "eye", "/desk/copies"))
    work.append(NavItem("cases", "项目台账", "folders", "/cases"))
    if reads_needs(actor):
        work.append(NavItem("needs", "居民需求", "message-2", "/needs"))
    if any(actor.has(role) for role in (Role.ORGANISATION_MEMBER, *BID_READERS)):
        work.append(NavItem("procurement", "采购信息", "gavel", "/procurement"))
    if any(actor.has(role) for role in FUND_READERS):
        work.append(NavItem("funds", "资金台账", "coin-yuan", "/desk/funds"))
    if allowed(actor, Permission.MANAGE_LIST):
        work.append(NavItem("lists", "项目清单", "list-check", "/desk/lists"))
    if any(actor.has(role) for role in (*KEEPERS, *MEMBERS)):
        work.append(NavItem("organisations", "社会组织库", "building-community", "/organisations"))
    if allowed(actor, Permission.SEE_REPORTS):
        work.append(NavItem("reports", "统计分析", "chart-bar", "/reports"))
    studio = (
        [NavItem("studio", "流程工坊", "sitemap", "/studio")] if allowed(actor, Permission.SEE_STUDIO) else []
    )
    running = [*_administration(actor), *_operations(actor)]
    public: NavGroup = ("公开", [NavItem("portal", "供需平台", "building-community", "/")])
    if actor.grants and {grant.role for grant in actor.grants} <= ADMINISTRATORS:
        return [*running, ("办公", work), public]  # they administer; there is next to nothing on their desk
    return [("办公", work), *([("流程", studio)] if studio else []), *running, public]


def _administration(actor: Actor) -> list[NavGroup]:
    """The administration's ways, for those who may enter any of it."""
    ways = [NavItem("admin", "管理首页", "settings", "/admin")]
    if allowed(actor, Permission.SEE_PEOPLE):
        ways.append(NavItem("admin-units", "单位", "sitemap", "/admin/units"))
        ways.append(NavItem("admin-people", "人员", "users", "/admin/people"))
        ways.append(NavItem("admin-roles", "岗位", "user-check", "/admin/roles"))
    if allowed(actor, Permission.SEE_POLICY):
        ways.append(NavItem("admin-policy", "政策包", "certificate", "/admin/policy"))
        ways.append(NavItem("admin-calendar", "工作日历", "calendar", "/admin/calendar"))
    if allowed(actor, Permission.MANAGE_GATEWAYS):
        ways.append(NavItem("gateways", "消息网关", "plug-connected", "/admin/gateways"))
    if allowed(actor, Permission.SEE_AUDIT):
        ways.append(NavItem("admin-audit", "审计", "shield-check", "/admin/audit"))
    return [("管理", ways)] if allowed(actor, Permission.SEE_ADMIN) else []


def _operations(actor: Actor) -> list[NavGroup]:
    """The cockpit's ways, for those who run the system and those who audit it."""
    if not allowed(actor, Permission.SEE_OPERATIONS):
        return []
    return [
        (
            "运行",
            [
                NavItem("incidents", "故障处理", "alert-triangle", "/admin/operations"),
                NavItem("workers", "后台任务", "activity", "/admin/operations/workers"),
            ],
        )
    ]
