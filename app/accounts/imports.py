"""People from a spreadsheet: each row is judged first, then taken over whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from app.accounts import people, rules, services
from app.accounts.models import Membership, OrgUnit, Person, RoleRequest
from app.core.db import session, unit_of_work
from app.core.errors import Refusal, require_all
from app.core.identity import ROLE_NAMES, Actor

COLUMNS = ("用户名", "姓名", "单位", "岗位")
MOST_ROWS = 300
"""Each new account costs a slow password hash; an office larger than this imports its streets one by one."""
RESULTS = {"added": "新增", "changed": "修改", "same": "没有变化", "refused": "不能导入"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the spreadsheet as it was typed."""

    number: int
    login: str
    name: str
    unit: str
    role: str


@dataclass(frozen=True, slots=True)
class Line:
    """What a row came to, or would come to.

    Attributes:
        result: added, changed, same or refused.
        words: what changes, or why not.
        password: the one-time password of a new account, shown once.
    """

    row: Row
    result: str
    words: str = ""
    password: str = ""


def read(table: Sequence[Sequence[str]]) -> list[Row]:
    """Rows of a table whose first line names the columns.

    Raises:
        Refusal: a column is missing, there is nothing in it, or too much.
    """
    if not table:
        raise Refusal("文件是空的，请下载模板填写。", field="file")
    heads = [cell.strip() for cell in table[0]]
    missing = [name for name in COLUMNS if name not in heads]
    if missing:
        raise Refusal(f"第一行缺少列：{'、'.join(missing)}。请使用下载的模板。", field="file")
    places = [heads.index(name) for name in COLUMNS]
    rows = []
    for number, cells in enumerate(table[1:], start=2):
        padded = [*cells, *[""] * len(heads)]
        login, name, unit, role = (padded[place].strip() for place in places)
        if login or name or unit or role:
            rows.append(Row(number, login.lower(), name, unit, role))
    if not rows:
        raise Refusal("除了标题行，文件里没有人员。", field="file")
    if len(rows) > MOST_ROWS:
        raise Refusal(f"一次最多导入 {MOST_ROWS} 人，文件里有 {len(rows)} 人，请分开导入。", field="file")
    return rows


def preview(actor: Actor, rows: Sequence[Row]) -> list[Line]:
    """What would happen to each row; nothing is changed (试导入)."""
    rules.permit(rules.may_make_person(actor))
    desk = _Desk(rows)
    return [desk.judge(row) for row in rows]


def carry_out(actor: Actor, rows: Sequence[Row]) -> list[Line]:
    """Take the rows over, each in a transaction of its own (导入人员).

    Roles are asked for, not given: that is the security administrator's (三员分立).
    """
    rules.permit(rules.may_make_person(actor))
    desk = _Desk(rows)
    done = []
    for row in rows:
        line = desk.judge(row)
        if line.result in ("added", "changed"):
            try:
                with unit_of_work():
                    line = replace(line, password=_take(actor, desk, row))
            except Refusal as refusal:  # somebody was faster: the row is refused, the others go on
                line = Line(row, "refused", refusal.message)
        done.append(line)
    return done


def _take(actor: Actor, desk: _Desk, row: Row) -> str:
    unit, role = desk.unit(row), desk.role(row)
    person = session().scalar(select(Person).where(Person.login == row.login))
    secret = ""
    if person is None:
        person, secret = services.create_person(actor, login=row.login, name=row.name, unit_id=unit.id)
    else:
        people.edit_person(actor, person.id, name=row.name, unit_id=unit.id)
    if role:
        people.ask_role(actor, person.id, unit.id, role)
    return secret


class _Desk:
    """Judges rows against the accounts and units that are there, and against each other."""

    def __init__(self, rows: Sequence[Row]) -> None:
        db = session()
        logins = [row.login for row in rows]
        self._twice = {login for login in logins if logins.count(login) > 1}
        self._people: Mapping[str, Person] = {
            one.login: one for one in db.scalars(select(Person).where(Person.login.in_(logins)))
        }
        self._units: dict[str, list[OrgUnit]] = {}
        for one in db.scalars(select(OrgUnit).where(OrgUnit.active)):
            for word in {one.code or one.name, one.name, one.short_name}:
                self._units.setdefault(word, []).append(one)
        ids = [one.id for one in self._people.values()]
        self._held = {
            tuple(found)
            for model in (Membership, RoleRequest)
            for found in db.execute(
                select(model.person_id, model.unit_id, model.role).where(model.person_id.in_(ids))
            )
        }

    def unit(self, row: Row) -> OrgUnit:
        """The unit a row names by code or name."""
        found = self._units.get(row.unit, [])
        if not found:
            raise Refusal(f"没有名称或代码为“{row.unit}”的单位。" if row.unit else "没有填写单位。")
        if len(found) > 1:
            raise Refusal(f"有 {len(found)} 个单位叫“{row.unit}”，请改填单位代码。")
        return found[0]

    def role(self, row: Row) -> str | None:
        """The role a row names, None when it names none."""
        if not row.role:
            return None
        found = next((role for role, name in ROLE_NAMES.items() if name == row.role), None)
        if found is None:
            raise Refusal(f"没有“{row.role}”这个岗位，请从模板的岗位清单中选择。")
        return found

    def judge(self, row: Row) -> Line:
        """What a row comes to."""
        try:
            require_all([rules.login_allowed(row.login), rules.name_given(row.name)])
            if row.login in self._twice:
                raise Refusal("这个用户名在文件里出现了不止一次。")
            unit, role = self.unit(row), self.role(row)
            if role:
                rules.role_fits(role, unit.kind).require()
        except Refusal as refusal:
            return Line(row, "refused", refusal.message)
        wish = f"申请岗位“{row.role}”" if role else ""
        person = self._people.get(row.login)
        if person is None:
            return Line(row, "added", wish)
        if not person.active:
            return Line(row, "refused", "这个账号已停用，请先在人员页面恢复。")
        changes = []
        if person.name != row.name:
            changes.append(f"姓名 {person.name} → {row.name}")
        if person.unit_id != unit.id:
            changes.append(f"调到{unit.short_name}")
        if role and (person.id, unit.id, role) not in self._held:
            changes.append(wish)
        return Line(row, "changed" if changes else "same", "；".join(changes))
