"""Compared, approved by a second person, published from a day on or at once, rolled back; a pack goes out and in."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.core import db
from app.runtime import definitions, publication
from app.studio import drafts
from tests.browser.studio.conftest import Studio
from tests.browser.studio.hands import sure
from tests.factories.studio import SMALL, begin, small

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ORANGE = "255, 243, 220"


def change(studio: Studio, days: str, title: str) -> str:
    """A draft with another due time; answers its place."""
    draft = begin(studio.people, title)
    drafts.save_file(studio.people.designer, draft.id, SMALL, small(days), 1)
    db.close()
    return f"{studio.base}/studio/drafts/{draft.id}"


def approve(studio: Studio, place: str, designer: Page, publisher: Page) -> None:
    """Handed in by one person, agreed to by another."""
    designer.goto(place)
    designer.fill("#s-notes", "依据街道办公会议纪要")
    designer.get_by_role("button", name="提交审批").click()
    expect(designer.locator("main")).to_contain_text("已提交审批")
    publisher.goto(place)
    publisher.fill("#a-opinion", "同意")
    publisher.get_by_role("button", name="同意", exact=True).click()
    expect(publisher.locator("main")).to_contain_text("已同意，可以发布")


def in_force(studio: Studio) -> int:
    """The number of the version that new cases start with."""
    db.close()
    del studio
    return definitions.bundle(definitions.in_force("zhuhai", "small")).no


def test_two_people_put_a_change_in_force_and_take_it_back(small_studio: Studio) -> None:
    studio = small_studio
    designer, publisher = studio.enter(studio.people.designer), studio.enter(studio.people.publisher)
    place = change(studio, "9", "审定改为九天")
    designer.goto(f"{place}/compare")
    expect(designer.locator("#changes")).to_contain_text("“审定”办理时限由 5 个工作日改为 9 个工作日")
    expect(designer.locator("#changes dt")).to_have_text("街道领导")
    for side in (0, 1):
        marked = (
            designer.locator("[data-side][data-ready]").nth(side).locator(".zj-marked .djs-visual > rect")
        )
        expect(marked).to_have_count(1)
        assert ORANGE in (marked.get_attribute("style") or "")
    approve(studio, place, designer, publisher)
    designer.goto(place)
    assert designer.get_by_role("button", name="发布", exact=True).count() == 0
    expect(designer.locator("#publish")).to_contain_text("等待有发布权限的同事发布")

    publisher.get_by_label("从这一天零时起").check()
    publisher.get_by_label("生效日期").fill("2026-03-10")
    publisher.get_by_role("button", name="发布", exact=True).click()
    sure(publisher)
    expect(publisher.locator("main")).to_contain_text("2026-03-10 零时起生效")
    assert in_force(studio) == 1
    studio.people.clock.advance(timedelta(days=9))
    publication.put_due_in_force()
    assert in_force(studio) == 2

    publisher.goto(f"{studio.base}/studio/processes/zhuhai/small")
    row = publisher.locator("#versions tbody tr").nth(1)
    expect(row).to_contain_text("已停用")
    row.locator("summary", has_text="回退到这一版").press("Enter")  # without a mouse
    publisher.keyboard.press("Tab")
    expect(row.get_by_label("回退的原因")).to_be_focused()
    publisher.keyboard.type("第二版时限过长")
    publisher.keyboard.press("Tab")
    with publisher.expect_navigation():
        publisher.keyboard.press("Enter")
    expect(publisher.locator("main")).to_contain_text("已回退到第 1 版")
    expect(publisher.locator("#acts")).to_contain_text("第二版时限过长")
    assert in_force(studio) == 1
    studio.clean(publisher)


def test_a_planned_day_is_taken_back_and_one_sent_back_is_mended(small_studio: Studio) -> None:
    studio = small_studio
    designer, publisher = studio.enter(studio.people.designer), studio.enter(studio.people.publisher)
    place = change(studio, "9", "审定改为九天")
    designer.goto(place)
    designer.fill("#s-notes", "改为九天")
    designer.get_by_role("button", name="提交审批").click()
    publisher.goto(place)
    publisher.fill("#b-reason", "请写明依据哪次会议")
    publisher.get_by_role("button", name="退回修改").click()
    designer.goto(place)
    expect(designer.locator("#events")).to_contain_text("请写明依据哪次会议")
    approve(studio, place, designer, publisher)
    publisher.get_by_label("从这一天零时起").check()
    publisher.get_by_label("生效日期").fill("2026-03-10")
    publisher.get_by_role("button", name="发布", exact=True).click()
    sure(publisher)
    publisher.goto(f"{studio.base}/studio/processes/zhuhai/small")
    row = publisher.locator("#versions tbody tr").first
    expect(row).to_contain_text("待生效")
    row.get_by_role("button", name="撤销生效安排").click()
    sure(publisher)
    expect(publisher.locator("main")).to_contain_text("已撤销")
    studio.people.clock.advance(timedelta(days=9))
    publication.put_due_in_force()
    assert in_force(studio) == 1


def test_a_whole_pack_goes_out_as_a_zip_and_comes_in_again(small_studio: Studio, tmp_path: Path) -> None:
    studio = small_studio
    page = studio.enter(studio.people.designer)
    page.goto(change(studio, "9", "审定改为九天"))
    with page.expect_download() as waiting:
        page.get_by_role("link", name="导出").click()
    packed = tmp_path / "pack.zip"
    waiting.value.save_as(packed)
    with zipfile.ZipFile(io.BytesIO(packed.read_bytes())) as archive:
        assert {SMALL, "zhuhai/pack.yaml"} <= set(archive.namelist())
        assert archive.read(SMALL) == small("9")
    other = begin(studio.people, "从压缩包来")
    db.close()
    page.goto(f"{studio.base}/studio/drafts/{other.id}")
    page.set_input_files("#i-file", packed)
    page.get_by_role("button", name="导入").click()
    expect(page.locator("main")).to_contain_text("已导入")
    expect(page.locator("#changes")).to_contain_text("“审定”办理时限由 5 个工作日改为 9 个工作日")
    page.get_by_role("link", name="修改记录").click()
    expect(page.locator("#saves")).to_contain_text("从“pack.zip”导入")
    page.get_by_role("link", name="查看变化").first.click()
    expect(page.locator(".zj-diff-add").first).to_contain_text('value="9"')
    expect(page.locator(".zj-diff-del").first).to_contain_text('value="5"')
    page.get_by_role("button", name="还原到修改前").click()
    sure(page)
    expect(page.locator("#saves")).to_contain_text("还原")
    db.close()
    assert drafts.file_of(other.id, SMALL) == small()
    studio.clean(page)
