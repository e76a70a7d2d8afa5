"""Every part of the face renders, is labelled, and needs no exception of the security policy."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.core import clock
from app.ui.assets import Assets
from tests.web.ui.gallery import make_gallery

PAGES = ["/form", "/show", "/parts", "/login", "/error/notfound", "/error/refusal"]


@pytest.fixture(autouse=True)
def march():
    before = clock.use(clock.MovableClock(datetime(2026, 3, 2, 1, 0, tzinfo=UTC)))
    yield
    clock.use(before)


@pytest.fixture
def built(tmp_path: Path) -> Assets:
    """A build as Vite would leave it."""
    manifest = {
        "src/app.js": {"file": "app-1.js", "css": ["app-1.css"]},
        "src/form.js": {"file": "form-1.js", "imports": ["_shared.js"]},
        "_shared.js": {"file": "shared-1.js", "css": ["shared-1.css"]},
        "icons.svg": {"file": "icons-1.svg"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return Assets(tmp_path)


@pytest.fixture
def app(built: Assets) -> Flask:
    app = make_gallery(built)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def page(client: FlaskClient, url: str) -> html.HtmlElement:
    return html.fromstring(client.get(url).get_data(as_text=True))


@pytest.mark.parametrize("url", PAGES)
def test_a_page_needs_no_exception_of_the_policy(client: FlaskClient, url: str) -> None:
    answer = client.get(url)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    tree = html.fromstring(answer.get_data(as_text=True))
    assert not tree.xpath("//@style | //style")
    assert not [name for name in tree.xpath("//@*[starts-with(name(), 'on')]")]
    assert all(one.get("src") or one.get("type") == "application/json" for one in tree.xpath("//script"))
    assert tree.get("lang") == "zh-CN"


@pytest.mark.parametrize("url", PAGES)
def test_ids_are_unique_and_references_meet_something(client: FlaskClient, url: str) -> None:
    tree = page(client, url)
    ids = Counter(one for one in tree.xpath("//@id") if "__i__" not in one)
    assert [one for one, count in ids.items() if count > 1] == []
    for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
        for value in tree.xpath(f"//@{attribute}"):
            assert "__i__" in value or set(value.split()) <= set(ids), (attribute, value)
    for link in tree.xpath("//a[starts-with(@href, '#f-')]/@href"):
        assert link[1:] in ids


@pytest.mark.parametrize("url", PAGES)
def test_every_control_has_words(client: FlaskClient, url: str) -> None:
    tree = page(client, url)
    labelled = set(tree.xpath("//label/@for"))
    for one in tree.xpath("//input[not(@type='hidden')] | //select | //textarea"):
        named = one.get("aria-label") or one.get("aria-labelledby") or one.get("id") in labelled
        assert named or one.xpath("ancestor::label[normalize-space()]"), html.tostring(one)
    for one in tree.xpath("//button | //a"):
        assert one.get("aria-label") or one.text_content().strip(), html.tostring(one)


def test_a_form_shows_what_is_known_and_asked(client: FlaskClient) -> None:
    tree = page(client, "/form")
    text = tree.text_content()
    for words in (
        "填写项目的基本情况。",
        "测算依据",
        "提交后由书记报送。",
        "620,000.00 元",
        "名单不对外公开。",
    ):
        assert words in text
    assert tree.xpath("//*[@class='zj-rule']")[0].text_content() == "依据 《办法》第十九条第一项"
    assert tree.xpath("//button[@data-busy]")[0].text_content() == "提交申报"
    assert tree.xpath("//form/@data-draft-url") == ["/draft"]
    assert tree.xpath("//input[@name='key']/@value") == ["abc"]
    assert tree.xpath("//*[@data-field='category_note' and @hidden]")
    assert tree.xpath("//*[@id='f-cap']")[0].text_content().strip() == "200,000.00 元"
    assert not tree.xpath("//*[@name='cap']")
    assert len(tree.xpath("//*[@data-rows='checks']//tbody/tr")) == 2
    assert not tree.xpath("//*[@data-rows='checks']//*[@data-add]")
    assert tree.xpath("//*[@data-rows='lines']//*[@data-add]")[0].text_content().strip() == "添加一项支出"
    assert tree.xpath("//input[@id='f-papers-camera']/@capture") == ["environment"]


def test_posted_answers_come_back_as_typed_with_their_faults(client: FlaskClient) -> None:
    answer = client.post(
        "/form",
        data={
            "name": "助<b>餐",
            "category": "other",
            "category_note": "社区食堂",
            "amount": "12345.678",
            "lines-0-item": "餐费",
            "lines-0-count": "3",
            "lines-0-price": "一百",
            "papers": ["1"],
        },
    )
    assert answer.status_code == 422
    tree = html.fromstring(answer.get_data(as_text=True))
    assert tree.xpath("//input[@name='name']/@value") == ["助<b>餐"]
    assert tree.xpath("//input[@name='amount']/@value") == ["12345.678"]
    assert tree.xpath("//input[@name='amount']/@aria-invalid") == ["true"]
    described = tree.xpath("//input[@name='amount']/@aria-describedby")[0]
    assert (
        tree.xpath(f"//*[@id='{described}']")[0].text_content().strip()
        == "金额最多保留两位小数，例如 1234.56"
    )
    assert tree.xpath("//input[@name='lines-0-price']/@value") == ["一百"]
    assert tree.xpath("//input[@name='papers' and @type='hidden']/@value") == ["1"]
    summary = tree.xpath("//*[@id='form-errors']")[0].text_content()
    assert "申请金额：金额最多保留两位小数" in summary
    assert "预算明细 第 1 行：金额最多保留两位小数" in summary
    assert not tree.xpath("//*[@data-field='category_note' and @hidden]")


def test_good_answers_are_accepted(app: Flask, client: FlaskClient) -> None:
    posted = {
        "name": "云山社区助餐",
        "category": "elder",
        "category_note": "不该收",
        "groups": ["old"],
        "amount": "１４８，０００",
        "start": "2026/4/1",
        "cap": "1",
        "tie": "false",
        "lines-0-item": "餐费",
        "lines-0-count": "2",
        "lines-0-price": "74,000.00",
        "checks-0-answer": "false",
        "checks-1-answer": "false",
        "papers": ["1"],
        "agree": "true",
    }
    answer = client.post("/form", data=posted)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    (kept,) = app.extensions["gallery"].answers
    assert kept["amount"] == 148_000_00
    assert kept["cap"] == 200_000_00
    assert kept["checks"] == [
        {"answer": False, "question": "是否用于偿还债务"},
        {"answer": False, "question": "是否现金投资"},
    ]
    assert "category_note" not in kept


def test_answers_can_be_read(client: FlaskClient) -> None:
    tree = page(client, "/show")
    text = tree.text_content()
    for words in (
        "云山社区<助餐>",
        "为老服务",
        "老年人、未成年人",
        "街道自筹",
        "148,000.00 元",
        "30 人",
        "餐费",
    ):
        assert words in text
    assert tree.xpath("//dd[contains(., '第一行')]/br")
    assert tree.xpath("//a[@href='/files/1/page']")[0].text_content().strip() == "纪要.pdf"
    assert "类别说明" not in text


def test_the_shell_shows_the_ways_and_the_person(client: FlaskClient) -> None:
    tree = page(client, "/parts")
    assert tree.xpath("//aside//a[@aria-current='page']")[0].text_content().strip().startswith("我的待办")
    assert "12" in tree.xpath("//aside//*[contains(@class, 'zj-count')]")[0].text_content()
    assert len(tree.xpath("//nav[@aria-label='快捷导航']/a")) == 2
    assert tree.xpath("//form[@role='search']/@action") == ["/search"]
    assert tree.xpath("//form[@action='/logout']//input[@name='csrf_token']")
    assert tree.xpath("//a[@href='/messages']/@aria-label") == ["消息，2 条未读"]
    assert "演示环境" in tree.text_content()
    assert "系统时间 2026-03-02 09:00" in tree.text_content()


def test_parts_say_in_words_what_colours_say(client: FlaskClient) -> None:
    tree = page(client, "/parts")
    text = " ".join(tree.text_content().split())
    for words in (
        "已超时 2 天",
        "不限时",
        "审议 第 2 / 3 阶段",
        "已完成 1 / 3 个阶段",
        "依据 《办法》第二十三条",
        "148,000.50 元",
    ):
        assert words in text
    assert tree.xpath("//*[@role='img']/@aria-label") == ["合计 1.00 元：预付款 0.30 元；预付款上限 40%"]
    assert tree.xpath("//form[@action='/end']/@data-confirm") == ["确定要终止吗？"]
    assert tree.xpath("//th[@class='zj-r']")[0].text == "金额（元）"
    config = json.loads(tree.xpath("//script[@id='flow-config']")[0].text)
    assert list(config)[:2] == ["xmlUrl", "states"]  # the order given is the order sent


def test_a_script_in_the_data_of_a_page_stays_data(app: Flask) -> None:
    with app.test_request_context():
        template = app.jinja_env.from_string(
            '{% import "ui/macros.html" as ui %}{{ ui.diagram({"a": "</script>"}) }}'
        )
        assert "</script>" not in template.render().split('type="application/json"')[1].split(">", 1)[1][:20]


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("refusal", 422, "请先上传发票。"),
        ("conflict", 409, "李建国刚刚办理了这一步。"),
        ("forbidden", 403, "您没有这个岗位。"),
        ("notfound", 404, "没有找到您要的内容"),
        ("fault", 500, "系统出了问题"),
        ("broken", 500, "系统出了问题"),
    ],
)
def test_errors_are_pages_for_people_and_json_for_scripts(
    client: FlaskClient, name: str, status: int, words: str
) -> None:
    answer = client.get(f"/error/{name}")
    assert answer.status_code == status
    assert words in answer.get_data(as_text=True)
    assert "决策表" not in answer.get_data(as_text=True)
    machine = client.get(f"/api/error/{name}")
    assert machine.status_code == status
    assert machine.mimetype == "application/problem+json"
    assert machine.json["status"] == status
    script = client.get(f"/error/{name}", headers={"Accept": "application/json"})
    assert script.mimetype == "application/problem+json"


def test_a_refusal_tells_scripts_field_and_rule(client: FlaskClient) -> None:
    body = client.get("/api/error/refusal").json
    assert body["rule"] == "ZH-23a"
    assert body["errors"][0] == {"field": "amount", "message": "预付款不能超过 40%。", "rule": "ZH-23a"}


@pytest.mark.parametrize(
    ("url", "method", "status", "words"),
    [
        ("/nowhere", "get", 404, "没有找到您要的内容"),
        ("/draft", "get", 405, "这个网址不能这样打开"),
    ],
)
def test_errors_of_the_server_itself_are_chinese(
    client: FlaskClient, url: str, method: str, status: int, words: str
) -> None:
    answer = getattr(client, method)(url)
    assert answer.status_code == status
    assert words in answer.get_data(as_text=True)


def test_too_large_an_upload_is_told(client: FlaskClient) -> None:
    answer = client.post("/form", data={"name": "x" * 2 * 1024 * 1024})
    assert answer.status_code == 413
    assert "上传的文件太大" in answer.get_data(as_text=True)


def test_a_post_without_token_is_refused_with_words(built: Assets) -> None:
    answer = make_gallery(built).test_client().post("/form", data={})
    assert answer.status_code == 400
    assert "页面已过期" in answer.get_data(as_text=True)


def test_only_designer_pages_get_style_exceptions(client: FlaskClient) -> None:
    answer = client.get("/designer")
    nonce = answer.get_data(as_text=True)
    policy = answer.headers["Content-Security-Policy"]
    assert f"style-src-elem 'self' 'nonce-{nonce}'" in policy
    assert "script-src 'self';" in policy
    assert client.get("/designer").get_data(as_text=True) != nonce


def test_islands_bring_their_parts(client: FlaskClient) -> None:
    tree = page(client, "/form")
    assert tree.xpath("//link[@rel='stylesheet']/@href") == [
        "/assets/dist/app-1.css",
        "/assets/dist/shared-1.css",
    ]
    assert tree.xpath("//script[@type='module']/@src") == ["/assets/dist/app-1.js", "/assets/dist/form-1.js"]
    assert tree.xpath("//link[@rel='modulepreload']/@href") == ["/assets/dist/shared-1.js"]
    assert tree.xpath("//use/@href")[0].startswith("/assets/dist/icons-1.svg#")


def test_pages_work_without_a_build(tmp_path: Path) -> None:
    answer = make_gallery(Assets(tmp_path)).test_client().get("/form")
    assert answer.status_code == 200
    assert "<script" not in answer.get_data(as_text=True)
