"""Furnish a Flask application with the face of the house."""

from __future__ import annotations

from flask import Blueprint, Flask
from markupsafe import Markup

from app.core import clock
from app.ui import errors, filters, security
from app.ui.assets import DIST, Assets
from app.ui.forms import defaults

bp = Blueprint("ui", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")


def init_ui(app: Flask, assets: Assets | None = None) -> None:
    """Install templates, filters, helpers, headers and error pages.

    The pages use these names of the context, all optional: `nav` (list of `NavGroup`), `tabs` (list of
    `NavItem`), `portal_nav`, `actor`, `unit_name`, `role_names`, `active`, `settings`, `search_url`, `search_text`,
    `login_url`, `logout_url`, `account_items` (list of `NavItem`), `messages_url`, `unread`. `csrf_token`
    comes from Flask-WTF's CSRFProtect.
    """
    built = assets or Assets(DIST)
    app.register_blueprint(bp)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the order of a form's fields is meaning
    env = app.jinja_env
    env.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(filters.FILTERS)
    env.tests["numeric"] = filters.is_numeric
    env.globals.update(
        assets=built.tags,
        icon=built.icon,
        csp_nonce=security.csp_nonce,
        now=clock.now,
        start_values=defaults,
        today=clock.today,
    )
    env.globals.setdefault("csrf_token", _no_token)
    app.after_request(security.secure)
    errors.install(app)


def _no_token() -> Markup:
    """Stands in where no CSRF protection is installed; CSRFProtect replaces it."""
    return Markup("")
