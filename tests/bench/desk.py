"""Server time of every page of the desk while 100 000 tasks are open, beside the same page with 1 000."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient

import config
from app.core import db
from app.inbox import stories
from app.inbox.services import choose_view
from app.runtime.models import Task
from app.web import create_app
from tests.bench import desk_rows, ours
from tests.bench.desk_rows import RARE, Desk
from tests.factories.people import PASSWORD
from tests.factories.site import sign_in

SIZES = (1_000, 100_000)
ROUNDS, WARM = 15, 2


def measure(urls: Sequence[str], name: str, say: Callable[[str], None], only: str = "") -> dict[str, float]:
    """Milliseconds of each page in both offices, taken in turn, and how they compare.

    Args:
        urls: an empty database for each size.
        only: pages whose name holds this, "" for all.
    """
    with ExitStack() as stack:
        desks = []
        for url, size in zip(urls, SIZES, strict=True):
            say(f"desk pages, {name}, {size} open tasks")
            engine = db.make_engine(url)
            stack.callback(engine.dispose)
            desks.append(desk_rows.fill(engine, size, say))
        flask = create_app(replace(config.load({"ZHENJIE_ENV": "test"}), database_url=urls[0]))
        db.engine().dispose()
        found = _pages(flask, desks, name, only)
        db.bind(None)
    ratios = [value for key, value in found.items() if key.startswith("desk_100k_1k_")]
    found[f"desk_100k_1k_{name}"] = max(ratios)
    return found


def addresses(desk: Desk) -> dict[str, str]:
    """Every page a person has at the desk, and each way of choosing in its lists."""
    last = db.session().get_one(Task, desk.own[-1])
    rare, common, letters = quote(RARE), quote("养老"), "yhcgcy"
    batch = "&".join(f"task={one}" for one in desk.own)
    return {
        "cards": "/desk",
        "deep": f"/desk?after={stories.cursor(last)}",
        "overdue": "/desk?due=overdue",
        "soon": "/desk?due=soon",
        "normal": "/desk?due=normal",
        "stage": "/desk?stage=review",
        "stage_rare": "/desk?stage=archive",
        "q_common": f"/desk?q={common}",
        "q_rare": f"/desk?q={rare}",
        "q_nothing": f"/desk?q={quote('无此项目')}",
        "q_number": f"/desk?q={desk.no}",
        "q_organisation": f"/desk?q={quote('晨曦')}",
        "q_initials": f"/desk?q={letters}",
        "q_initials_common": "/desk?q=jjyl",
        "q_step": f"/desk?q={quote('初审')}",
        "sheet_rare": f"/desk/list.xlsx?q={rare}",
        "done": "/desk/done",
        "mine": "/desk/mine",
        "mine_q": f"/desk/mine?q={rare}",
        "copies": "/desk/copies",
        "phrases": "/desk/phrases",
        "messages": "/messages",
        "unread": "/messages/unread",
        "batch": f"/desk/batch?{batch}",
        "task": f"/desk/tasks/{desk.task_id}",
        "transfer": f"/desk/tasks/{desk.task_id}/transfer",
        "case": f"/cases/{desk.case_no}",
        "why": f"/cases/{desk.case_no}/why",
        "cases": "/cases",
        "cases_completed": "/cases?status=completed",
        "cases_rejected": "/cases?status=rejected",
        "cases_stage": "/cases?stage=review",
        "cases_stage_rare": "/cases?stage=archive",
        "cases_q_common": f"/cases?q={common}",
        "cases_q_rare": f"/cases?q={rare}",
        "cases_q_number": f"/cases?q={desk.no}",
        "cases_q_organisation": f"/cases?q={quote('晨曦')}",
        "cases_q_initials": f"/cases?q={letters}",
        "suggest": f"/search/suggest?q={common}",
        "suggest_number": f"/search/suggest?q={desk.no}",
        "search": f"/search?q={common}",
        "search_rare": f"/search?q={rare}",
        "table": "/desk",
        "table_overdue": "/desk?due=overdue",
    }


def _pages(flask: Flask, desks: list[Desk], name: str, only: str) -> dict[str, float]:
    clients = []
    for desk in desks:
        ours.bind(desk.engine)
        choose_view(desk.office.clerk, "cards")
        browser = flask.test_client()
        assert sign_in(browser, desk.login, PASSWORD).status_code == 302
        clients.append((desk, browser, addresses(desk)))
    found: dict[str, float] = {}
    for page in clients[0][2]:
        if page == "table":
            for desk, _, _ in clients:
                db.bind(desk.engine)
                choose_view(desk.office.clerk, "table")
        if only not in page:
            continue
        small, large = (_median(one) for one in _timed(clients, page))
        found[f"ms_desk_{page}_1000_{name}"], found[f"ms_desk_{page}_100000_{name}"] = small, large
        found[f"desk_100k_1k_{page}_{name}"] = large / small
    return found


def _timed(clients: list[tuple[Desk, FlaskClient, dict[str, str]]], page: str) -> list[list[float]]:
    times: list[list[float]] = [[] for _ in clients]
    for number in range(ROUNDS + WARM):
        for taken, (desk, browser, known) in zip(times, clients, strict=True):
            db.bind(desk.engine)
            began = time.perf_counter()
            answer = browser.get(known[page])
            took = time.perf_counter() - began
            assert answer.status_code == 200, (page, answer.status_code)
            if number >= WARM:
                taken.append(took)
    return times


def _median(times: list[float]) -> float:
    return statistics.median(times) * 1000
