"""Every fault is told at once, in Chinese, beside its field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.errors import Refusals
from app.ui.forms import Form, FormError, check, faults_of, load

SCHEMA = {
    "type": "object",
    "title": "立项申报",
    "required": ["name", "amount", "day", "category", "tie", "files", "budget", "reason"],
    "properties": {
        "name": {"type": "string", "title": "项目名称", "minLength": 4, "maxLength": 6},
        "amount": {"type": "integer", "format": "fen", "title": "预算", "minimum": 1, "maximum": 10_000_00},
        "people": {"type": "integer", "title": "服务人数", "minimum": 1},
        "day": {"type": "string", "format": "date", "title": "开始日期"},
        "category": {"type": "string", "title": "类别", "oneOf": [{"const": "elder", "title": "为老"}]},
        "tie": {"type": "boolean", "title": "是否回避"},
        "reason": {"type": "string", "title": "回避理由", "minLength": 1},
        "files": {"type": "array", "title": "会议纪要", "items": {"type": "integer"}, "maxItems": 2},
        "budget": {
            "type": "array",
            "title": "预算明细",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["item", "price"],
                "properties": {
                    "item": {"type": "string", "title": "内容"},
                    "count": {"type": "integer", "title": "数量"},
                    "price": {"type": "integer", "format": "fen", "title": "单价"},
                },
            },
        },
    },
}
UI = {
    "people": {"ui:unit": "人"},
    "files": {"ui:widget": "file"},
    "reason": {"ui:visibleIf": {"field": "tie", "in": [True]}, "ui:rule": "ZH-27a"},
    "budget": {"ui:sum": {"column": "price", "times": "count", "equalsField": "amount", "label": "预算合计"}},
}
GOOD: dict[str, Any] = {
    "name": "助餐服务",
    "amount": 30_00,
    "day": "2026-03-02",
    "category": "elder",
    "tie": False,
    "files": [1],
    "budget": [{"item": "餐费", "count": 3, "price": 10_00}],
}


@pytest.fixture
def form() -> Form:
    return load(json.dumps(SCHEMA), json.dumps(UI), "proposal.draft")


def faults(form: Form, **changes: Any) -> dict[str, str]:
    answers = {**GOOD, **changes}
    return faults_of(form, {key: value for key, value in answers.items() if value is not None})


def test_good_answers_pass(form: Form) -> None:
    check(form, GOOD)


def test_everything_missing_is_told_together_in_the_order_of_the_form(form: Form) -> None:
    with pytest.raises(Refusals) as refused:
        check(form, {"tie": True})
    assert {one.field: one.message for one in refused.value.errors} == {
        "name": "请填写“项目名称”",
        "amount": "请填写“预算”",
        "day": "请选择“开始日期”",
        "category": "请选择“类别”",
        "reason": "请填写“回避理由”",
        "files": "请上传“会议纪要”",
        "budget": "请至少填写一行“预算明细”",
    }
    order = ["name", "amount", "day", "category", "reason", "files", "budget"]
    assert [one.field for one in refused.value.errors] == order
    assert {one.field: one.rule for one in refused.value.errors}["reason"] == "ZH-27a"


def test_a_condition_that_does_not_hold_asks_nothing(form: Form) -> None:
    assert faults(form, tie=True) == {"reason": "请填写“回避理由”"}
    assert faults(form, tie=False) == {}
    assert "不需要填写" in faults(form, tie=False, reason="亲属")["reason"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("amount", "1234.567", "金额最多保留两位小数，例如 1234.56"),
        ("amount", "很多", "金额最多保留两位小数，例如 1234.56"),
        ("amount", 30.0, "金额最多保留两位小数，例如 1234.56"),
        ("amount", 10**16, "数字过大"),
        ("amount", "12345678901234", "数字过大"),
        ("amount", 10_000_01, "不能大于 10,000.00 元"),
        ("people", 0, "不能小于 1 人"),
        ("people", "3.5", "请填写整数"),
        ("people", True, "请填写整数"),
        ("name", "助餐", "至少填写 4 个字，现在 2 个字"),
        ("name", "社区居家养老助餐服务", "最多填写 6 个字，现在 10 个字"),
        ("name", "助餐\ud800服务", "无法识别的字符"),
        ("day", "2026-02-30", "请填写正确的日期"),
        ("category", "youth", "请在列出的选项中选择"),
        ("tie", "maybe", "请选择“是否回避”"),
        ("files", [1, 2, 3], "最多上传 2 个文件"),
        ("files", ["x"], "请重新上传"),
        ("budget", "x", "请检查“预算明细”各行的内容"),
        ("budget", ["x"], "请检查“预算明细”各行的内容"),
        ("budget", [], "请至少填写一行"),
        ("smuggled", 1, "没有“smuggled”这一项"),
    ],
)
def test_each_fault_says_what_to_do(form: Form, field: str, value: Any, words: str) -> None:
    assert words in faults(form, **{field: value})[field]


def test_a_cell_is_named_by_row_and_column(form: Form) -> None:
    found = faults(
        form, budget=[{"item": "餐费", "count": 3, "price": 10_00}, {"item": "车费", "price": "一"}]
    )
    assert found == {"budget-1-price": "金额最多保留两位小数，例如 1234.56"}
    assert faults(form, budget=[{"count": 3, "price": 10_00}]) == {"budget-0-item": "请填写“内容”"}
    assert (
        "没有“x”这一列"
        in faults(form, budget=[{"item": "餐费", "count": 3, "price": 10_00, "x": 1}])["budget"]
    )


def test_a_long_cell_is_refused(form: Form) -> None:
    found = faults(form, budget=[{"item": "餐" * 201, "count": 3, "price": 10_00}])
    assert found == {"budget-0-item": "最多填写 200 个字，现在 201 个字"}


def test_rows_must_add_up(form: Form) -> None:
    rows = [{"item": "餐费", "count": 3, "price": 9_99}]
    assert faults(form, budget=rows) == {
        "budget": "预算合计为 29.97 元，应为 30.00 元，现少 0.03 元，请调整。"
    }
    assert "现多" in faults(form, budget=[{"item": "餐费", "count": 3, "price": 10_01}])["budget"]
    assert "为 0.00 元" in faults(form, budget=[{"item": "餐费", "price": 10_00}])["budget"]


def test_other_rules_for_a_sum() -> None:
    rows = {
        "type": "array",
        "title": "指标",
        "items": {"type": "object", "properties": {"weight": {"type": "integer", "title": "权重"}}},
    }
    limit = {"type": "integer", "title": "上限"}
    schema = json.dumps({"type": "object", "properties": {"targets": rows, "cap": limit}})
    whole = load(schema, json.dumps({"targets": {"ui:sum": {"column": "weight", "total": 100}}}), "x")
    assert faults_of(whole, {"targets": [{"weight": 40}, {"weight": 60}]}) == {}
    assert faults_of(whole, {"targets": [{"weight": 40}]}) == {
        "targets": "权重合计为 40，应为 100，现少 60，请调整。"
    }
    capped = load(schema, json.dumps({"targets": {"ui:sum": {"column": "weight", "limitField": "cap"}}}), "x")
    assert faults_of(capped, {"cap": 50, "targets": [{"weight": 50}]}) == {}
    assert "超过 50" in faults_of(capped, {"cap": 50, "targets": [{"weight": 51}]})["targets"]


def test_narrowed_options_hold(form: Form) -> None:
    narrowed = form.with_options("category", [("child", "儿童")])
    assert "列出的选项" in faults(narrowed)["category"]
    assert faults(narrowed, category="child") == {}
    assert "列出的选项" in faults(form.with_options("category", []))["category"]
    by_column = form.with_options("budget.item", [("餐费", "餐费")])
    assert faults(by_column) == {}
    other = [{"item": "车费", "count": 3, "price": 10_00}]
    assert faults(by_column, budget=other) == {"budget-0-item": "请在列出的选项中选择"}
    assert faults(form) == {}  # the first form is as it was


def test_read_only_answers_cannot_be_changed(form: Form) -> None:
    fixed = form.read_only("name").with_values(name="助餐服务")
    assert faults(fixed) == {}
    assert "由系统填写" in faults(fixed, name="另外名称")["name"]
    rows = form.read_only("budget.price").with_values(budget=[{"price": 10_00}])
    assert faults(rows) == {}
    cheaper = [{"item": "餐费", "count": 6, "price": 5_00}]
    assert "由系统填写" in faults(rows, budget=cheaper)["budget-0-price"]
    assert "不能增减" in faults(rows, budget=GOOD["budget"] * 2)["budget"]


def test_own_words_go_first() -> None:
    phone = {"type": "string", "title": "电话", "pattern": "^1", "x-messages": {"pattern": "请填写手机号"}}
    form = load(json.dumps({"type": "object", "properties": {"phone": phone}}), "{}", "x")
    assert faults_of(form, {"phone": "2"}) == {"phone": "请填写手机号"}


@pytest.mark.parametrize(
    ("schema", "ui"),
    [
        ("{", "{}"),
        ('{"type": "array"}', "{}"),
        ('{"type": "object", "properties": {"a": {"type": "nonsense"}}}', "{}"),
        ('{"type": "object", "properties": {}, "required": ["a"]}', "{}"),
        ('{"type": "object", "properties": {}}', '{"b": {}}'),
        ('{"type": "object", "properties": {}}', '{"ui:sections": [{"title": "一", "fields": ["b"]}]}'),
        (
            '{"type": "object", "properties": {"a": {"type": "string"}}}',
            '{"a": {"ui:visibleIf": {"field": "b", "in": []}}}',
        ),
    ],
)
def test_a_form_that_cannot_work_is_not_loaded(schema: str, ui: str) -> None:
    with pytest.raises(FormError, match=r"x\.y"):
        load(schema, ui, "x.y")
    with pytest.raises(FormError):
        load('{"type": "object"}', "{}", "x").read_only("nothing")
