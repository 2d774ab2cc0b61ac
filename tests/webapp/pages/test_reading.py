"""The pages that show what there is, over real HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import httpx2
import pytest
from sqlalchemy import text

from fractal_rmo.adapters.db.engine import make_engine
from tests.webapp.conftest import Web

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


@pytest.fixture
def task(reader: httpx2.Client) -> str:
    body = {"code": f"# {HOSTILE}\n", "tests": "x = 1\n", "description": HOSTILE}
    return _submit(reader, body)


def _submit(reader: httpx2.Client, body: dict[str, str]) -> str:
    found: str = reader.post("/api/v1/tasks", json=body).json()["id"]
    return found


def test_hostile_text_stays_text(reader: httpx2.Client, task: str) -> None:
    for path in ("/tasks", f"/tasks/{task}", f"/tasks/{task}/live"):
        page = reader.get(path).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;⟨U+001B⟩[31m⟨U+202E⟩" in page
        assert not {"\x1b", "\u202e"} & set(page)
        assert "<script>" not in page


def test_what_models_noted_is_shown_as_text(reader: httpx2.Client, task: str, web: Web) -> None:
    output = {"notes": {"logic": [HOSTILE], "syntax": []}, "plan": ["Add.", HOSTILE]}
    _executed(web, task, output)
    page = reader.get(f"/tasks/{task}").text
    shown = page[page.index('id="advice"') :]
    assert shown.count("<li>&lt;script&gt;alert(1)&lt;/script&gt;⟨U+001B⟩[31m⟨U+202E⟩</li>") == 2
    assert "<li>Add.</li>" in shown


@pytest.mark.parametrize("decided", [True, False])
def test_patches_that_pass_as_well_are_shown_as_text(
    reader: httpx2.Client, task: str, web: Web, decided: bool
) -> None:
    other = {
        "says": "a minus",
        "diff": f"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n+{HOSTILE}\n",
        "sure": 0.34,
        "call": "f(2)",
        "chosen": "gives 4",
        "instead": HOSTILE,
        "before": "gives 0",
    }
    choice = {
        "says": "a plus",
        "diff": "",
        "sure": 0.5,
        "decided": decided,
        "worse": "f(0) raises",
        "alternatives": [other],
    }
    _executed(web, task, {"choice": choice})
    page = reader.get(f"/tasks/{task}").text
    shown = page[page.index('id="choice"') : page.index('id="findings"')]
    assert ("a plus" in shown) is not decided
    assert ("f(0) raises." in shown) is decided
    assert "34 %" in shown
    assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt;⟨U+001B⟩[31m⟨U+202E⟩") == 2
    assert "gives 0 as submitted" in shown


def _executed(web: Web, task: str, output: Mapping[str, object]) -> None:
    engine = make_engine(web.environment["DATABASE_URL"])
    with engine.begin() as db:
        said = {"task": task, "output": json.dumps(output)}
        db.execute(text("UPDATE steps SET output = CAST(:output AS jsonb)"
                        " WHERE task_id = :task AND stage = 'execute'"), said)  # fmt: skip
    engine.dispose()


@pytest.mark.thorough
def test_no_page_has_inline_styles_or_handlers(reader: httpx2.Client, task: str) -> None:
    for path in ("/", "/tasks", f"/tasks/{task}", "/agents", "/status", "/sign-in", "/nowhere"):
        page = reader.get(path).text
        assert page.startswith("<!doctype html>"), path
        assert not re.search(r"<[^>]+\s(style|on\w+)=", page), path
        assert not re.search(r"<script(?![^>]*nonce=)", page), path


def test_a_task_is_cancelled_and_begun_anew(reader: httpx2.Client, task: str) -> None:
    for _ in range(2):  # the second press finds it ended
        assert reader.post(f"/tasks/{task}/cancel").status_code == 303
    assert "Cancelled" in reader.get(f"/tasks/{task}").text
    for _ in range(2):
        assert reader.post(f"/tasks/{task}/retry").status_code == 303
    page = reader.get(f"/tasks/{task}").text
    assert "round 2" in page
    assert f'action="/tasks/{task}/cancel"' in page


def test_an_unknown_task_has_a_page_that_says_so(reader: httpx2.Client) -> None:
    page = reader.get("/tasks/nonsense")
    assert page.status_code == 404
    assert "is no task id" in page.text


def test_filters_narrow_and_pages_follow(reader: httpx2.Client) -> None:
    task = {"code": "x = 1\n", "tests": "y = 1\n"}
    ids = [_submit(reader, task | {"description": f"page {n}"}) for n in range(21)]
    first = reader.get("/tasks", params={"words": "PAGE ", "kind": "fix", "ending": "running"}).text
    assert ids[20] in first
    assert ids[0] not in first
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older is not None
    second = reader.get(older[1].replace("&amp;", "&")).text
    assert ids[0] in second
    assert ids[1] not in second
    assert "No task fits" in reader.get("/tasks?words=there-is-none").text
    assert ids[20] in reader.get("/tasks?kind=bake&ending=x&before=y").text


def test_the_installation_is_shown_and_says_that_nobody_works(reader: httpx2.Client) -> None:
    assert "No worker answers" in reader.get("/agents").text
    page = reader.get("/status").text
    assert "Something is missing" in page
    assert "namespaces" in page


def test_signed_in_people_have_a_menu(web: Web) -> None:
    with web.browser() as browser:
        assert "<nav" not in browser.get("/sign-in").text
        browser.get(web.run("open"))
        assert re.findall(r'<a href="(\S+)"[^>]*>(\w+)</a>', browser.get("/").text)[:4] == [
            ("/", "Submit"), ("/tasks", "Tasks"), ("/agents", "Agents"), ("/status", "Health"),
        ]  # fmt: skip
