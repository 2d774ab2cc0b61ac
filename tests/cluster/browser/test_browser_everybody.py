"""The pages without a script, without a mouse, in the dark, on a telephone, and under attack."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.cluster.browser.conftest import Site, evaluated, fill, id_of
from tests.cluster.conftest import ROOT

pytestmark = pytest.mark.cluster
AXE = (ROOT / "tests/webapp/vendor/axe-core-4.14.1/axe.min.js").read_text("utf-8")
PATHS = ["/?example=two_files", "/tasks", "/tasks/{proven}", "/agents", "/status", "/sign-in"]
HOSTILE = "<script>alert(1)</script></textarea><img id=evil src=x onerror=alert(2)>\x1b]0;x\x07"


@pytest.mark.slow
def test_everything_works_without_a_script(site: Site) -> None:
    page = site.page("/?example=off_by_one", java_script_enabled=False)
    page.get_by_role("button", name="Add a file of code").click()
    expect(page.locator("[name=code_text]")).to_have_count(2)
    page.locator("[name=code_name]").nth(1).fill("other.py")
    page.locator("[name=code_text]").nth(1).fill("y = 1\n")
    page.get_by_role("button", name="Submit task").click()
    task = id_of(page)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    assert site.cluster.until_ended(task)["ending"] == "proven"
    page.reload()
    expect(page.locator("#verdict")).to_contain_text("Proven")
    expect(page.locator(".diff")).to_contain_text("+ 1")
    page.get_by_role("link", name="Tasks").click()
    page.get_by_label("Ending").select_option("proven")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(f"a[href='/tasks/{task}']")).to_be_visible()


def test_everything_works_by_keyboard(site: Site) -> None:
    page = site.page("/?example=off_by_one")
    expect(page.locator(".cm-editor")).to_have_count(2)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    submit = page.get_by_role("button", name="Submit task")
    for _ in range(40):
        page.keyboard.press("Tab")
        if submit.evaluate("button => button === document.activeElement"):
            break
    expect(submit).to_be_focused()  # so no editor has kept the key
    page.keyboard.press("Enter")
    id_of(page)
    page.locator("#messages > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_have_attribute("open", "")
    expect(page.locator("#verdict")).to_contain_text("Proven")
    expect(page.locator("#messages > summary")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_nothing_serious(site: Site, proven: str, scheme: Any) -> None:
    window = site.context(color_scheme=scheme)
    page = window.new_page()
    found = []
    for path in PATHS:
        page.goto(path.format(proven=proven))
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        page.evaluate(AXE)
        result = page.evaluate("axe.run({resultTypes: ['violations']})")
        found += [
            (path, v["id"], [node["html"][:120] for node in v["nodes"]][:3])
            for v in result["violations"]
            if v["impact"] in ("serious", "critical")
        ]
    assert found == []


def test_nothing_is_wider_than_a_telephone(site: Site, proven: str) -> None:
    page = site.context(viewport={"width": 360, "height": 740}).new_page()
    for path in PATHS:
        page.goto(path.format(proven=proven))
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        assert evaluated(page, "document.documentElement.scrollWidth") == 360, path


def test_the_dark_scheme_is_dark(site: Site, proven: str) -> None:
    colours = []
    for scheme in ("light", "dark"):
        page = site.page(f"/tasks/{proven}", color_scheme=scheme)
        colours.append(evaluated(page, "getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(251, 250, 247)", "rgb(19, 21, 25)"]


def test_hostile_text_stays_text(site: Site) -> None:
    said = repr(HOSTILE + "\u202egnp.exe")
    page = site.page()
    fill(page, "code", f"# {HOSTILE}\ndef f():\n    return {said}\n")
    tests = f"from solution import f\n\n\ndef test_it():\n    assert f() == 1, {said}\n"
    fill(page, "tests", tests)
    page.get_by_label("What should the code do?").fill(f"{HOSTILE}\u202e")
    page.get_by_role("radio", name="validate").check()
    page.get_by_role("button", name="Submit task").click()
    expect(page.locator("#verdict")).to_contain_text("Not proven")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    expect(page.locator("h1")).to_contain_text("<script>alert(1)</script>")
    expect(page.locator("h1")).to_contain_text("⟨U+001B⟩]0;x⟨U+0007⟩")
    expect(page.locator("#rung-3")).to_contain_text("⟨U+202E⟩gnp.exe")
    assert page.locator("main script, main img, #evil").count() == 0
    shown = page.locator("body").inner_text()
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    page.goto("/tasks")
    assert page.locator("main script, main img, #evil").count() == 0
