"""Sign in, sign out, change password."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from app.accounts import sign_in
from app.accounts.access import User, current_actor, public, seconds_left, signed_in
from app.accounts.demo import PASSWORD, demo_logins
from app.accounts.models import Person
from app.accounts.queries import actor as actor_of
from app.accounts.rules import ADMINISTRATORS, SESSION_LASTS
from app.core import clock
from app.core.errors import Refusal

bp = Blueprint("accounts", __name__, template_folder="templates")


@bp.route("/login", methods=["GET", "POST"])
@public
def login() -> str | Response | tuple[str, int]:
    """Sign in (登录)."""
    if request.method == "GET" and "again" in request.args:
        session["next"] = request.args.get("next", "")
    elif current_user.is_authenticated and request.method == "GET":
        return redirect(url_for("inbox.desk"))
    error = None
    name = request.form.get("login", "")
    if request.method == "POST":
        try:
            person = sign_in.authenticate(name, request.form.get("password", ""))
        except Refusal as refusal:
            error = refusal.message
        else:
            wanted = session.get("next", "")
            enter(person)
            return redirect(wanted if safe(wanted) else home_of(person.id))
    shown = demo_logins() if current_app.config["SETTINGS"].is_demo else []
    page = render_template(
        "accounts/login.html", error=error, login=name, demo_logins=shown, demo_password=PASSWORD
    )
    return (page, 401) if error else page


@bp.get("/session")
@public
def state() -> Response:
    """Who is signed in, for how long, and a fresh token: asked by pages that have stood open (登录状态)."""
    signed = current_user.is_authenticated
    answer = jsonify(
        person=current_user.person_id if signed else None, seconds=seconds_left(), csrf=generate_csrf()
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/logout")
@signed_in
def logout() -> Response:
    """Sign out (退出)."""
    sign_in.close_session(current_actor(), current_user.id)
    logout_user()
    session.clear()
    return redirect(url_for("accounts.login"))


@bp.route("/password", methods=["GET", "POST"])
@signed_in
def password() -> str | Response | tuple[str, int]:
    """Change the password; the first one has to be changed (修改密码)."""
    errors: dict[str, str] = {}
    if request.method == "POST":
        new = request.form.get("new_password", "")
        if new != request.form.get("repeat", ""):
            errors["repeat"] = "两次输入的新密码不一致。"
        else:
            try:
                person = sign_in.change_password(current_actor(), request.form.get("old_password", ""), new)
            except Refusal as refusal:
                errors = {one.field or "old_password": one.message for one in refusal.errors}
            else:
                enter(person)
                flash("密码已修改。", "success")
                return redirect(home_of(person.id))
    page = render_template("accounts/password.html", errors=errors, forced=current_user.must_change)
    return (page, 422) if errors else page


def enter(person: Person) -> None:
    """Begin a session of its own: one known before signing in must not live on."""
    session.clear()
    session.permanent = True
    session["ends"] = (clock.SystemClock().now() + SESSION_LASTS).timestamp()
    login_user(User(person, sign_in.open_session(person)))


def home_of(person_id: int) -> str:
    """Where a person begins: an administrator has no to-do list."""
    roles = {grant.role for grant in actor_of(person_id).grants}
    return "/admin" if roles and roles <= ADMINISTRATORS else url_for("inbox.desk")


def safe(target: str) -> bool:
    """Only paths of this site: a link must not lead a person elsewhere after signing in."""
    plain = target.isprintable() and "\\" not in target and not any(c.isspace() for c in target)
    return plain and target.startswith("/") and not target.startswith("//")
