"""The front page of the administration."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, url_for

from app.accounts import directory
from app.accounts.access import Permission, allowed, current_actor, requires
from app.admin import import_views, people_views, role_views, unit_views  # noqa: F401 - they add their pages
from app.admin.blueprint import bp
from app.core.identity import Actor

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


def _cards(actor: Actor) -> list[Card]:
    cards = []
    if allowed(actor, Permission.SEE_PEOPLE):
        asked = directory.request_count()
        cards += [
            Card("单位", "市、区、镇街、社区、部门", "sitemap", url_for("admin.units_tree")),
            Card("人员", "账号、密码、调动、工作交接", "users", url_for("admin.people_list")),
            Card(
                "岗位",
                "谁在哪个单位担任什么岗位",
                "user-check",
                url_for("admin.roles_home"),
                f"{asked} 项等待授予" if asked else "",
                "warn" if asked else "",
            ),
        ]
    return cards
