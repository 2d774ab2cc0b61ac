"""From the form to a proven patch, as a person sees it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.cluster.browser.conftest import Site, evaluated, fill, id_of
from tests.cluster.conftest import ROOT

pytestmark = pytest.mark.cluster
WATCH = """() => {
    window.here = true;
    window.seen = new Set();
    const say = (node) => `${node.querySelector('.head').textContent} ${node.classList[1]}`;
    const look = () => document.querySelectorAll('.fanout.wide .node').forEach(
        (node) => window.seen.add(say(node)));
    new MutationObserver(look).observe(document.getElementById('live'), {
        subtree: true, childList: true, attributes: true, characterData: true});
    look();
}"""


def test_an_example_goes_from_the_form_to_a_patch_without_a_reload(
    site: Site, tmp_path: Path
) -> None:
    page = site.page()
    page.get_by_role("link", name="off by one").click()
    expect(page.locator(".cm-editor")).to_have_count(2)
    page.get_by_role("button", name="Submit task").click()
    id_of(page)
    page.evaluate(WATCH)
    page.locator("#messages > summary").click()
    expect(page.locator("#verdict")).to_contain_text("Proven")
    expect(page.locator(".diff .d-add")).to_contain_text("len(values) - size + 1")
    expect(page.locator("#said")).to_have_text("Ended: proven")
    assert evaluated(page, "window.here") is True
    seen = evaluated(page, "[...window.seen]")
    # how far the task had come when the page was there is chance; that it was seen to go on is not
    open_ones = {"validate n-waiting", "validate n-queued", "validate n-running"}
    assert "validate n-done" in seen
    assert open_ones & set(seen), seen
    expect(page.locator("#messages")).to_have_attribute("open", "")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download patch").click()
    download.value.save_as(tmp_path / "it.patch")
    check = [
        "git",
        "apply",
        "--check",
        "--directory=examples/off_by_one",
        str(tmp_path / "it.patch"),
    ]
    assert subprocess.run(check, cwd=ROOT, check=False).returncode == 0


def test_a_rung_opens_to_its_evidence(site: Site, proven: str) -> None:
    page = site.page(f"/tasks/{proven}")
    rung = page.locator("#rung-3 details")
    expect(rung.get_by_text("hash seeds")).to_be_hidden()
    rung.locator("summary").click()
    expect(rung.get_by_text("hash seeds")).to_be_visible()
    expect(rung).to_contain_text("pytest on every submitted test file")
    page.locator("#report-logic > summary").click()
    expect(page.locator("#report-logic")).to_contain_text("cyclomatic")


def test_a_search_is_cancelled_and_begun_anew(site: Site, endless: str) -> None:
    page = site.page(f"/tasks/{endless}")
    expect(page.locator("svg.wide .node").nth(7)).to_have_class("node n-running")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#verdict")).to_contain_text("Cancelled")
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#verdict")).to_contain_text("Running")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()


@pytest.mark.slow
def test_pages_beyond_the_connections_of_a_browser_all_see_the_end(
    site: Site, endless: str
) -> None:
    window = site.context()
    pages = [window.new_page() for _ in range(7)]
    for page in pages:
        page.goto(f"/tasks/{endless}")
    assert site.cluster.run("cancel", endless).returncode == 0
    for page in pages:
        expect(page.locator("#verdict")).to_contain_text("Cancelled")


def test_what_cannot_be_proven_says_why(site: Site) -> None:
    page = site.page()
    fill(page, "code", "def f():\n    return 1\n")
    fill(page, "tests", "from solution import f\n\n\ndef test_it():\n    assert f() == 2\n")
    page.get_by_role("radio", name="validate").check()
    page.get_by_role("button", name="Submit task").click()
    expect(page.locator("#verdict")).to_contain_text("Not proven")
    expect(page.locator("#rung-3")).to_contain_text("failed")


def test_a_refused_form_keeps_what_was_typed(site: Site) -> None:
    page = site.page()
    fill(page, "code", "x = 1\n\n\ny = 2\n")
    fill(page, "tests", "def broken(:\n")
    page.get_by_label("What should the code do?").fill("keep </textarea> me")
    page.get_by_role("button", name="Submit task").click()
    expect(page.get_by_role("alert")).to_contain_text("test_solution.py, line 1")
    assert page.locator("[name=code_text]").input_value() == "x = 1\n\n\ny = 2\n"
    assert page.locator("[name=description]").input_value() == "keep </textarea> me"
    site.complaints.clear()  # the browser logs every answer of 422


@pytest.mark.parametrize("kind", ["line", "curl"])
def test_the_copied_command_is_one_safe_shell_command(
    site: Site, tmp_path: Path, kind: str
) -> None:
    evil = 'it\'s; touch hacked `touch hacked` $(touch hacked)\x1b[201~\u202e\n! "x"'
    page = site.page("/?example=two_files", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label("What should the code do?").fill(evil)
    page.locator(f"[data-copy={kind}]").click()
    expect(page.locator("#said")).to_have_text("Copied.")
    command = evaluated(page, "navigator.clipboard.readText()")
    assert command.isprintable()
    for name in ("curl", "fractal-rmo"):
        (tmp_path / name).write_text('#!/bin/sh\nprintf "%s\\n" "$@" > arguments\n')
        (tmp_path / name).chmod(0o755)
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run(["bash", "-c", command], cwd=tmp_path, env=path, check=True)
    assert {file.name for file in tmp_path.iterdir()} == {"curl", "fractal-rmo", "arguments"}
    said = (tmp_path / "arguments").read_text()
    if kind == "curl":
        body = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
        assert body["description"] == evil
        assert set(body["code"]) == {"shop/basket.py", "shop/prices.py"}
    else:
        assert said.startswith("submit\n.\n--tests\ntest_basket.py\n")
        assert "--description=it's; touch hacked" in said
