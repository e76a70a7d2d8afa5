"""What hands do on the drawing board and on the studio's pages."""

from __future__ import annotations

from playwright.sync_api import Page, expect

SCREEN = """([x, y]) => {
  const { a, d, e, f } = document.querySelector('.djs-container g.viewport').getScreenCTM();
  return [a * x + e, d * y + f];
}"""
SETTLED = 450
"""Milliseconds in which the drawing library ignores what comes right after a drop."""


def choose(page: Page, key: str) -> None:
    """Find an element by its number, as with Ctrl+F, and select it; the search closes when a late change comes in."""
    chosen = page.locator(f'.djs-element.selected[data-element-id="{key}"]')
    for _ in range(4):
        page.click("[data-act=find]")
        field = page.locator(".djs-search-input input")
        field.fill("")
        field.press_sequentially(key)
        page.keyboard.press("Enter")
        page.wait_for_timeout(SETTLED)
        if chosen.count():
            return
    raise AssertionError(f"{key} was not found on the drawing")


def point(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the drawing is on the screen."""
    found = page.evaluate(SCREEN, [x, y])
    return found[0], found[1]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Press, move, let go."""
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    page.mouse.move(*end, steps=4)
    page.mouse.up()
    page.wait_for_timeout(SETTLED)


def put(page: Page, kind: str, x: float, y: float, name: str) -> str:
    """Take something from the palette, drop it at a point of the drawing, name it; answers its id."""
    before = ids(page, "shape")
    for _ in range(3):
        page.click(f'.djs-palette [data-action="{kind}"]')
        there = point(page, x, y)
        page.mouse.move(there[0] - 30, there[1] - 20)
        page.mouse.move(*there, steps=5)
        page.wait_for_timeout(SETTLED)  # a menu that stood there closes first
        page.mouse.move(there[0] + 1, there[1])
        page.mouse.move(*there)
        page.mouse.down()
        page.mouse.up()
        page.wait_for_timeout(SETTLED)
        page.keyboard.press(
            "Escape"
        )  # out of the field on the drawing itself, or of a drop that did not take
        if fresh := [one for one in ids(page, "shape") - before if not one.endswith("_label")]:
            break
    else:
        raise AssertionError(f"{name} could not be dropped")
    expect(page.locator(f'.djs-element.selected[data-element-id="{fresh[0]}"]')).to_have_count(1)
    page.locator("[data-panel]").get_by_label("名称", exact=True).fill(name)
    expect(page.locator("[data-panel] h2")).to_have_text(name)
    return fresh[0]


def connect(page: Page, source: str, target: str) -> str:
    """Draw a line by the panel; answers its id."""
    choose(page, source)
    before = lines(page)
    panel = page.locator("[data-panel]")
    panel.get_by_text("接着做什么").click()
    panel.get_by_label("连线到已有的").select_option(target)
    expect(page.locator(".djs-connection[data-element-id]")).to_have_count(len(before) + 1)
    (made,) = lines(page) - before
    return made


def lines(page: Page) -> set[str]:
    """Ids of all lines of the drawing."""
    return ids(page, "connection")


def ids(page: Page, kind: str) -> set[str]:
    """Ids of all shapes or connections of the drawing."""
    found = page.locator(f".djs-{kind}[data-element-id]").evaluate_all(
        "all => all.map(one => one.dataset.elementId)"
    )
    return set(found)


def condition(page: Page, line: str, source: str) -> None:
    """Write the condition of a line; an empty one makes it the way of all other cases."""
    choose(page, line)
    panel = page.locator("[data-panel]")
    if not source:
        panel.get_by_label("其他情况都走这条线").check()
        return
    field = panel.get_by_label("条件算式", exact=True)
    with page.expect_response("**/studio/expressions"):
        field.fill(source)
    expect(field).to_have_value(source)
    expect(panel.locator(".is-invalid")).to_have_count(0)


def made(page: Page, button: str, **fields: str) -> None:
    """Answer the dialog that a button of the panel opens."""
    page.locator("[data-panel]").get_by_role("button", name=button).click()
    dialog = page.locator("dialog[open]")
    for name, words in fields.items():
        dialog.locator(f"input[name={name}]").fill(words)
    dialog.get_by_role("button", name="新建").click()
    expect(dialog).to_have_count(0)


def sure(page: Page) -> None:
    """Say yes to the question before an act; the page that follows is loaded."""
    with page.expect_navigation():
        page.locator("#zj-confirm[open] [data-yes]").click()
