"""The search box for those who may not see everything, and on a phone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.town import PHONE, Town


def ask(page: Page, words: str) -> list[str]:
    """Type into the box; the rows that open under it while one types."""
    box = page.get_by_role("combobox", name="搜索")
    box.fill("")
    expect(page.locator("#zj-suggest")).to_be_hidden()
    with page.expect_response(lambda answer: "/search/suggest" in answer.url):
        box.press_sequentially(words)
    rows = page.locator("#zj-suggest [role=option]")
    expect(rows.first).to_be_visible()
    return rows.all_inner_texts()


def test_each_finds_what_is_theirs_to_see_and_is_told_of_nothing_else(town: Town) -> None:
    clerk = town.enter("jingban", "/search")
    assert "暑期学堂" in ask(clerk, "学堂")[0]  # two characters
    assert "暑期学堂" in ask(clerk, "sqxt")[0]  # initials
    assert "居家养老" in " ".join(ask(clerk, "养老"))
    number = clerk.locator("#zj-suggest a").first.get_attribute("href")
    assert number is not None
    assert number.startswith("/cases/XM")
    assert "居家养老" in " ".join(ask(clerk, number[-4:]))  # the end of a number
    clerk.keyboard.press("Enter")
    clerk.wait_for_url("**/search?q=*")
    town.clean(clerk)

    for login in ("jida-jingban", "zuzhi2"):
        stranger = town.enter(login, "/search")
        for words in ("学堂", "sqxt"):
            assert ask(stranger, words) == [f"没有找到“{words}”"]
        for row in ask(stranger, "养老"):
            assert not row.splitlines()[-1].startswith("项目")  # public notices and organisations alone
        assert town.base + number != stranger.url
        assert stranger.request.get(town.base + number).status == 404
        stranger.keyboard.press("Enter")
        stranger.wait_for_url("**/search?q=*")
        expect(stranger.locator(".zj-tabs")).not_to_contain_text("项目")
        town.clean(stranger)


def test_on_a_phone_the_first_results_lie_under_the_thumb(town: Town) -> None:
    page = town.enter("jingban", "/search")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    ask(page, "养老")
    for row in page.locator("#zj-suggest a").all():
        box = row.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["x"] + box["width"] <= PHONE["width"]
    page.locator("#zj-suggest a").first.click()
    page.wait_for_url("**/cases/XM*")
