"""The first administrators of an installation."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.accounts.founding import DUTIES, first_administrator
from app.core import marks
from app.core.errors import Refusal


@click.group("accounts")
def accounts_group() -> None:
    """People who can sign in."""


@accounts_group.command("admin")
@click.argument("login")
@click.option(
    "--duty",
    type=click.Choice(sorted(DUTIES)),
    default="system",
    show_default=True,
    help="which of the three separated administrators; one person never is two of them",
)
@click.option("--name", default="", help="the person's name as the pages show it")
@with_appcontext
def admin(login: str, duty: str, name: str) -> None:
    """Make the first administrator LOGIN and print a one-time password, once.

    Called again for the same person it prints a new one-time password; the old one ends.
    """
    if not marks.exists():
        raise click.ClickException("the database has no tables yet: run `flask --app wsgi db upgrade` first")
    try:
        person, secret = first_administrator(login, duty, name)
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(f"用户名 {person.login}  一次性密码 {secret}")
    click.echo("首次登录后请修改密码。登录后打开“管理首页”，按“开始设置”的步骤进行。", err=True)
