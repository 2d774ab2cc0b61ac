"""What a proof leaves open is answered on the task's page and proven in a new task."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.cluster.browser.conftest import Site, id_of

pytestmark = pytest.mark.cluster
CODE = """\
def grade(points):
    if points >= 90:
        return "A"
    if points >= 75:
        return "B"
    return "C"
"""
TESTS = """\
from grades import grade


def test_it():
    assert grade(95) == "A"
    assert grade(80) == "B"
    assert grade(10) == "C"
"""


@pytest.mark.parametrize("scripts", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_yes_becomes_a_test_with_which_the_code_is_proven(
    site: Site, tmp_path: Path, scripts: bool
) -> None:
    (tmp_path / "grades.py").write_text(CODE)
    (tmp_path / "test_grades.py").write_text(TESTS)
    kind = ("--kind", "validate", "--level", "6")
    task = site.cluster.submit(tmp_path, "--tests", tmp_path, *kind)
    assert site.cluster.until_ended(task)["ending"] == "not_proven"
    page = site.page(f"/tasks/{task}", java_script_enabled=scripts)
    rung = page.locator("#rung-6")
    rung.locator("summary").first.click()
    expect(rung.locator(".question .d-add").first).to_be_visible()
    for yes in rung.get_by_label("Yes, add the test").all():
        yes.check()
    rung.get_by_role("button", name="Make tests of the answers").click()
    made = page.locator("figure pre")
    expect(made).to_contain_text("assert grade(75) == 'B'")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "test_gaps.py"
    assert download.value.path().read_text().strip() == made.inner_text().strip()
    page.get_by_role("button", name="Edit as a new task").click()
    expect(page.locator("[name=tests_name]").nth(1)).to_have_value("test_gaps.py")
    page.get_by_role("button", name="Submit task").click()
    again = id_of(page)
    assert again != task
    assert site.cluster.until_ended(again)["ending"] == "proven"
