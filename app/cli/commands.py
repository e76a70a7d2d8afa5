"""All commands, in one list."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from werkzeug.serving import make_server

import config
from app.cli.accounts import accounts_group
from app.cli.audit import audit_group
from app.cli.db import db_group
from app.cli.demo import demo
from app.cli.export import export_group
from app.cli.models import models_group, packs_group
from app.cli.search import search_group
from app.cli.seed import seed
from app.cli.worker import Worker
from app.runtime import jobs


@click.command("serve")
@click.option("--port", envvar="PORT", default=5000, show_default=True)
@with_appcontext
def serve(port: int) -> None:
    """Serve pages and run the worker in one process on 127.0.0.1 (demo and development)."""
    flask: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if flask.config["SETTINGS"].is_production:
        raise click.ClickException("in production run gunicorn and `flask worker`, see docs/operating.md")
    worker = Worker()
    flask.extensions["worker"] = worker
    server = make_server("127.0.0.1", port, flask, threaded=True)
    server.daemon_threads = True  # type: ignore[attr-defined]

    def stop(*_: object) -> None:
        worker.stop()
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    background = threading.Thread(target=worker.run, daemon=True)
    background.start()
    click.echo(f"镇街购 http://127.0.0.1:{port}/", err=True)
    server.serve_forever(poll_interval=0.2)
    background.join(timeout=1)


@click.command("worker")
@with_appcontext
def worker_command() -> None:
    """Fire timers and seal the audit chains until interrupted."""
    worker = Worker()
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    signal.signal(signal.SIGINT, lambda *_: worker.stop())
    worker.run()


@click.group("jobs")
def jobs_group() -> None:
    """Background work, by hand."""


@jobs_group.command("run-due")
@with_appcontext
def run_due() -> None:
    """Fire every timer that is due now."""
    moved = 0
    while count := jobs.run_due():
        moved += count
    click.echo(f"cases moved: {moved}", err=True)


def register(flask: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (
        serve,
        worker_command,
        jobs_group,
        db_group,
        accounts_group,
        audit_group,
        models_group,
        packs_group,
        search_group,
        seed,
        demo,
        export_group,
    ):
        flask.cli.add_command(command)


PACKS = Path(config.ROOT) / "bpmn"
