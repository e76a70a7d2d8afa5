"""To design, to approve and to publish are three rights: each act of the studio asks for its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from app.accounts.access import PERMISSIONS, Permission
from app.accounts.models import Person
from app.core import db
from app.core.identity import Role
from app.studio import drafts
from tests.factories.site import PASSWORD, sign_in, token_in
from tests.factories.studio import SMALL, begin, make_studio, small

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
DESIGN = ("submit", "withdraw", "update", "import", "discard", "drop-run", "history/{save}/restore")
APPROVE = ("approve", "send-back")
PUBLISH = ("publish",)
OF_VERSION = ("publish", "roll-back", "cancel", "move")


@pytest.fixture
def studio(app: Flask) -> SimpleNamespace:
    made = make_studio()
    draft = begin(made)
    drafts.save_file(made.designer, draft.id, SMALL, small("9"), 1)
    made.draft, made.save = draft.id, drafts.saves_of(draft.id)[0].id
    made.app = app
    db.close()
    return made


def refused(studio: SimpleNamespace, actor: Any) -> set[str]:
    """The acts that a person's right does not cover."""
    browser = studio.app.test_client()
    login = db.session().get_one(Person, actor.person_id).login
    assert sign_in(browser, login, PASSWORD).status_code == 302
    token = token_in(browser.get("/studio"))
    draft, version = f"/studio/drafts/{studio.draft}", f"/studio/versions/{studio.definition.id}"
    places = {one: f"{draft}/{one.format(save=studio.save)}" for one in (*DESIGN, *APPROVE, *PUBLISH)}
    places |= {f"version {one}": f"{version}/{one}" for one in OF_VERSION}
    found = {
        name for name, place in places.items()
        if browser.post(place, data={"csrf_token": token}).status_code == 403
    }  # fmt: skip
    headers = {"X-CSRFToken": token}
    if browser.put(f"{draft}/files/{SMALL}", data=small("9"), headers=headers).status_code == 403:
        found.add("save")
    return found


def test_each_act_asks_for_its_own_right(studio: SimpleNamespace) -> None:
    design = {*DESIGN, "save"}
    others = {*APPROVE, *PUBLISH, *(f"version {one}" for one in OF_VERSION)}
    assert refused(studio, studio.publisher) == design
    assert refused(studio, studio.designer) == others
    assert refused(studio, studio.auditor) == design | others


def test_nobody_who_designs_approves_or_publishes(studio: SimpleNamespace) -> None:
    del studio
    design = PERMISSIONS[Permission.DESIGN_MODEL]
    assert Role.DESIGNER in design
    assert not design & PERMISSIONS[Permission.APPROVE_MODEL]
    assert not design & PERMISSIONS[Permission.PUBLISH_MODEL]
