"""The application factory: settings, database, rooms, pages, commands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta

from flask import Flask, abort, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import app.inbox.case_views  # adds the pages of a case to those of the desk
import app.inbox.voice_views  # merging and counting needs, likewise
import app.portal.need_views  # where residents say what is missing, likewise
import app.tables  # noqa: F401 - every table must be known before any query is built
import config
from app.accounts.access import init_accounts
from app.accounts.views import bp as accounts_bp
from app.admin import setup
from app.admin.views import bp as admin_bp
from app.api.views import bp as api_bp
from app.audit import services as audit
from app.catalogue.views import bp as catalogue_bp
from app.cli import commands
from app.cli.trying import DemoStage
from app.contracts import handlers as contracts_handlers
from app.core import db, marks
from app.evaluation import handlers as evaluation_handlers
from app.evaluation.views import bp as evaluation_bp
from app.files.views import bp as files_bp
from app.funds import handlers as funds_handlers
from app.funds.views import bp as funds_bp
from app.help import training
from app.help import views as help_views
from app.inbox import navigation
from app.inbox.act_views import bp as acts_bp
from app.inbox.list_views import bp as lists_bp
from app.inbox.message_views import bp as messages_bp
from app.inbox.need_views import bp as needs_bp
from app.inbox.views import bp as inbox_bp
from app.messages import spreading
from app.messages import wiring as messages
from app.notices import handlers as notices_handlers
from app.operations import demo_clock
from app.operations.clock_views import bp as clock_bp
from app.operations.views import bp as operations_bp
from app.organisations.views import bp as organisations_bp
from app.portal.views import bp as portal_bp
from app.procurement import handlers as procurement_handlers
from app.procurement.views import bp as procurement_bp
from app.projects import handlers as projects_handlers
from app.projects.views import bp as projects_bp
from app.reports.views import bp as reports_bp
from app.runtime import announcing, definitions
from app.runtime import operators as runtime_operators
from app.search import sources as searching
from app.search.views import bp as search_bp
from app.sources import register_sources
from app.studio import staging
from app.studio.editor_views import bp as editor_bp
from app.studio.exchange_views import bp as exchange_bp
from app.studio.insight_views import bp as insight_bp
from app.studio.moving_views import bp as moving_bp
from app.studio.publishing_views import bp as publishing_bp
from app.studio.store_views import bp as store_bp
from app.studio.try_act_views import bp as try_acts_bp
from app.studio.trying_views import bp as trying_bp
from app.studio.views import bp as studio_bp
from app.ui.setup import init_ui

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip")
BLUEPRINTS = (
    portal_bp,
    accounts_bp,
    files_bp,
    inbox_bp,
    search_bp,
    acts_bp,
    messages_bp,
    lists_bp,
    reports_bp,
    help_views.bp,
    training.bp,
    projects_bp,
    funds_bp,
    needs_bp,
    organisations_bp,
    procurement_bp,
    evaluation_bp,
    operations_bp,
    clock_bp,
    studio_bp,
    store_bp,
    admin_bp,
    editor_bp,
    publishing_bp,
    catalogue_bp,
    trying_bp,
    try_acts_bp,
    exchange_bp,
    insight_bp,
    moving_bp,
    api_bp,
)
HANDLERS: tuple[Callable[[], None], ...] = (
    runtime_operators.register,
    funds_handlers.register,
    projects_handlers.register,
    notices_handlers.register,
    procurement_handlers.register,
    contracts_handlers.register,
    evaluation_handlers.register,
)


def create_app(settings: config.Settings | None = None) -> Flask:
    """Build the application for these settings (by default those of the environment).

    Raises:
        config.SettingsError: a setting is missing, or this database must not be used this way.
    """
    settings = settings or config.load()
    flask = Flask("app", static_folder=None, template_folder=None)
    flask.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.upload_limit + 1024 * 1024,
        MAX_FORM_PARTS=5000,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_production,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=10),
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session: a long form must not expire
        SETTINGS=settings,
    )
    audit.configure(settings.audit_key)
    messages.configure(settings)
    db.bind(db.make_engine(settings.database_url))
    definitions.forget()
    _refuse_mixing(settings)
    demo_clock.install(settings.is_demo)
    if settings.is_demo:
        flask.before_request(_loopback_only)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        flask.wsgi_app = ProxyFix(flask.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    CSRFProtect(flask)
    init_ui(flask)
    init_accounts(flask)
    for register in (*HANDLERS, announcing.register, spreading.register):
        register()
    register_sources()
    searching.register_sources()
    for blueprint in BLUEPRINTS:
        flask.register_blueprint(blueprint)
    flask.context_processor(navigation.context)
    flask.context_processor(help_views.context)
    flask.context_processor(setup.context)
    flask.teardown_appcontext(lambda _error: db.close())
    staging.use_stage(DemoStage())
    commands.register(flask)
    return flask


def _refuse_mixing(settings: config.Settings) -> None:
    """Demo never runs where production has been, nor under a production server."""
    if settings.env == "demo" and "gunicorn" in sys.modules:
        raise config.SettingsError("the demo does not run under gunicorn; set ZHENJIE_ENV=production")
    if not marks.exists():
        return
    if settings.is_production:
        if marks.get("demo") is not None:
            raise config.SettingsError("this database holds demo accounts: production needs one of its own")
        if marks.get("production") is None:
            marks.put("production", "1")
    elif settings.env == "demo" and marks.get("production") is not None:
        raise config.SettingsError("production has used this database: the demo refuses to run on it")
    db.close()


def _loopback_only() -> None:
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if host not in LOOPBACK or any(name in request.headers for name in FORWARDED):
        abort(400, "演示环境只能在本机访问。")
