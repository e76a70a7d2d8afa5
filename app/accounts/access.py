"""Every route states who may use it; the screen can say why not."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, abort, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user

from app.accounts.models import Person
from app.accounts.queries import actor as actor_of
from app.accounts.rules import ADMINISTRATORS, OWNERS_OF_POLICY, SESSION_LASTS
from app.accounts.sign_in import person_of
from app.core import clock
from app.core.errors import Forbidden
from app.core.identity import Actor, Role
from app.ui.errors import wants_json

View = TypeVar("View", bound=Callable[..., Any])


class Permission(StrEnum):
    """What a role lets a person do outside the steps of a case."""

    START_PROJECT = "start_project"
    BID = "bid"
    CANCEL_CASE = "cancel_case"
    MANAGE_FUNDS = "manage_funds"
    MANAGE_LIST = "manage_list"
    SEE_AUDIT = "see_audit"
    OPERATE = "operate"
    SEE_OPERATIONS = "see_operations"
    SEE_STUDIO = "see_studio"
    DESIGN_MODEL = "design_model"
    APPROVE_MODEL = "approve_model"
    PUBLISH_MODEL = "publish_model"
    MANAGE_GATEWAYS = "manage_gateways"
    MANAGE_UNITS = "manage_units"
    MANAGE_PEOPLE = "manage_people"
    SEE_PEOPLE = "see_people"
    GRANT_ROLES = "grant_roles"
    SEE_POLICY = "see_policy"
    MANAGE_POLICY = "manage_policy"
    MANAGE_CALENDAR = "manage_calendar"
    SEE_ADMIN = "see_admin"
    SEE_REPORTS = "see_reports"
    WRITE_GUIDES = "write_guides"


PERMISSIONS: dict[Permission, frozenset[Role]] = {
    Permission.START_PROJECT: frozenset({Role.COMMITTEE_MEMBER, Role.SECRETARY, Role.STREET_CLERK}),
    Permission.BID: frozenset({Role.ORGANISATION_MEMBER}),
    Permission.CANCEL_CASE: frozenset({Role.STREET_LEADER}),
    Permission.MANAGE_FUNDS: frozenset({Role.DISTRICT_FINANCE, Role.DISTRICT_OFFICER, Role.STREET_FINANCE}),
    Permission.MANAGE_LIST: frozenset({Role.DISTRICT_OFFICER}),
    Permission.SEE_AUDIT: frozenset({Role.AUDITOR, Role.AUDIT_ADMIN}),
    Permission.OPERATE: frozenset({Role.SYSTEM_ADMIN}),
    Permission.SEE_OPERATIONS: frozenset({Role.SYSTEM_ADMIN, Role.AUDITOR}),
    Permission.SEE_STUDIO: frozenset({Role.DESIGNER, Role.PUBLISHER, Role.CITY_OFFICER, Role.AUDITOR}),
    Permission.DESIGN_MODEL: frozenset({Role.DESIGNER, Role.CITY_OFFICER}),
    Permission.APPROVE_MODEL: frozenset({Role.PUBLISHER}),
    Permission.PUBLISH_MODEL: frozenset({Role.PUBLISHER}),
    Permission.MANAGE_GATEWAYS: frozenset({Role.SYSTEM_ADMIN}),
    Permission.MANAGE_UNITS: frozenset({Role.SYSTEM_ADMIN}),
    Permission.MANAGE_PEOPLE: frozenset({Role.SYSTEM_ADMIN}),
    Permission.SEE_PEOPLE: frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}),
    Permission.GRANT_ROLES: frozenset({Role.SECURITY_ADMIN}),
    Permission.SEE_POLICY: OWNERS_OF_POLICY | ADMINISTRATORS | {Role.AUDITOR},
    Permission.MANAGE_POLICY: OWNERS_OF_POLICY,
    Permission.MANAGE_CALENDAR: frozenset({Role.SYSTEM_ADMIN}),
    Permission.SEE_ADMIN: OWNERS_OF_POLICY | ADMINISTRATORS | {Role.AUDITOR},
    Permission.WRITE_GUIDES: frozenset({Role.STREET_CLERK, Role.STREET_LEADER}),
    Permission.SEE_REPORTS: frozenset(
        {
            Role.STREET_LEADER,
            Role.STREET_CLERK,
            Role.STREET_FINANCE,
            Role.STREET_DISCIPLINE,
            Role.DISTRICT_OFFICER,
            Role.DISTRICT_FINANCE,
            Role.CITY_OFFICER,
            Role.AUDITOR,
        }
    ),
}


OPEN_BEFORE_CHANGE = ("accounts.password", "accounts.logout")
"""Where a person with a one-time password may go before changing it."""


class User(UserMixin):
    """The signed-in person as the login library knows it; its id is the session's token."""

    def __init__(self, person: Person, token: str) -> None:
        self.id = token
        self.person_id = person.id
        self.must_change = person.must_change
        self.name = person.name


def init_accounts(flask: Flask) -> None:
    """Install the login manager."""
    manager = LoginManager(flask)
    manager.session_protection = None  # office networks change addresses; the session is a row of its own

    @manager.user_loader
    def _load(token: str) -> User | None:
        person = person_of(token)
        return User(person, token) if person else None


def current_actor() -> Actor:
    """Who acts in this request, read once."""
    if "actor" not in g:
        g.actor = actor_of(current_user.person_id)
    actor: Actor = g.actor
    return actor


def seconds_left() -> int:
    """How long the session of this browser still lasts; what is typed is kept before it ends."""
    ends = float(session.get("ends", 0))
    return (
        max(0, int(ends - clock.SystemClock().now().timestamp()))
        if ends
        else int(SESSION_LASTS.total_seconds())
    )


def allowed(actor: Actor, permission: Permission) -> bool:
    """Whether a role of the actor carries a permission, in whatever unit."""
    return any(actor.has(role) for role in PERMISSIONS[permission])


def public(view: View) -> View:
    """A page for everybody, signed in or not."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """A page for everybody who has signed in; what they see there is scoped by the query."""
    return _guard(view, "signed_in", None)


def requires(permission: Permission) -> Callable[[View], View]:
    """A page for the roles that carry a permission."""
    return lambda view: _guard(view, permission.value, permission)


def _guard(view: View, label: str, permission: Permission | None) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not current_user.is_authenticated:
            if wants_json():
                abort(401)  # a script cannot follow to the login page; it says so beside the upload
            methods = request.url_rule.methods if request.url_rule else None
            if "GET" in (
                methods or ()
            ):  # also after a form sent too late: its page brings back what was typed
                session["next"] = request.full_path.removesuffix("?")
            return redirect(url_for("accounts.login"))
        if current_user.must_change and request.endpoint not in OPEN_BEFORE_CHANGE:
            return redirect(url_for("accounts.password"))
        if permission is not None and not allowed(current_actor(), permission):
            raise Forbidden("您的岗位没有这项权限。如确需办理，请联系本单位管理人员。")
        return view(*args, **kwargs)

    guarded.access = label  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def unguarded(flask: Flask) -> list[str]:
    """Endpoints that state no access: there must be none besides static files."""
    return sorted(
        name
        for name, view in flask.view_functions.items()
        if getattr(view, "access", None) is None and not name.endswith(".static")
    )
