"""The form over real HTTP: what is typed becomes a task, or stays typed."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx2
import pytest

from fractal_rmo.domain.errors import InputError
from tests.webapp.conftest import Web
from webapp.pages.draft import Draft, Slot

CODE, TESTS = "\n\ndef f():\n    return 1\n", "def test_it():\n    pass\n"
Fields = dict[str, Any]


def fields(**given: Any) -> Fields:
    return {
        "code_name": "solution.py", "code_text": CODE, "tests_name": "test_solution.py",
        "tests_text": TESTS, "kind": "fix", "level": "3", "provider": "auto", "description": "it",
        "key": "", **given,
    }  # fmt: skip


def areas(page: httpx2.Response, name: str) -> list[str]:
    """The texts of fields, as a browser reads them: without the first line feed."""
    form, _, _ = page.text.partition("<template")
    found = re.findall(rf'<textarea name="{name}"[^>]*>\n(.*?)</textarea>', form, re.DOTALL)
    return [html.unescape(text) for text in found]


def test_a_task_is_handed_in_once_however_often_it_is_sent(reader: httpx2.Client) -> None:
    blank = reader.get("/")
    found = re.search(r'name="key" value="([^"]+)"', blank.text)
    assert found is not None
    sent = fields(key=found[1], code_text=CODE.replace("\n", "\r\n"))
    answers = [reader.post("/", data=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    report = reader.get(f"/api/v1{answers[0].headers['Location']}/report").json()
    assert report["code"] == {"solution.py": CODE}


def test_the_same_form_with_other_content_asks_to_be_sent_again(reader: httpx2.Client) -> None:
    reader.post("/", data=fields(key="the-same"))
    page = reader.post("/", data=fields(key="the-same", code_text="y = 2\n"))
    assert page.status_code == 409
    assert 'value="the-same"' not in page.text
    assert areas(page, "code_text") == ["y = 2\n"]


@pytest.mark.parametrize(
    ("wrong", "status", "sentence"),
    [
        ({"tests_text": "def broken(:\n"}, 422, "test_solution.py, line 1"),
        ({"code_text": "  "}, 422, "There is no code"),
        ({"code_name": "../x.py"}, 422, "'../x.py' is refused"),
        ({"code_name": ["a.py", "a.py"], "code_text": ["x", "y"]}, 422, "are called 'a.py'"),
        ({"code_name": ["a.py", ""], "code_text": ["x", "y"]}, 422, "has no name"),
        ({"kind": "bake"}, 422, "kind: Must be one of"),
        ({"seconds": "many"}, 422, "budget, seconds: Not a valid number."),
        ({"seconds": "999"}, 422, "999 asked, 300 allowed"),
        ({"tokens": "1.5"}, 422, "budget, tokens: Not a valid integer."),
        ({"code_text": "x" * 1_100_000}, 413, "1,048,576 allowed"),
        ({"code_text": "a\0b"}, 422, "NUL"),
    ],
)
def test_what_is_refused_is_said_and_kept(
    reader: httpx2.Client, wrong: Fields, status: int, sentence: str
) -> None:
    page = reader.post("/", data=fields(description="keep </textarea> me", **wrong))
    assert (page.status_code, sentence in html.unescape(page.text)) == (status, True)
    assert areas(page, "description") == ["keep </textarea> me"]
    sent = fields(**wrong)["code_text"]
    assert areas(page, "code_text") == (sent if isinstance(sent, list) else [sent])


def test_files_are_added_and_dropped_without_a_script(reader: httpx2.Client) -> None:
    two = reader.post("/", data=fields(do="add:code"))
    assert areas(two, "code_text") == [CODE, ""]
    named = {"code_name": ["a.py", "b.py"], "code_text": ["a", "b"]}
    assert areas(reader.post("/", data=fields(do="drop:code:0", **named)), "code_text") == ["b"]
    for nonsense in ("drop:code:x", "drop:nobody:1", "x"):
        assert areas(reader.post("/", data=fields(do=nonsense)), "code_text") == [CODE]


def test_every_example_is_one_click_away(reader: httpx2.Client) -> None:
    links = re.findall(r'href="(/\?example=[^"]+)"', reader.get("/").text)
    assert len(links) >= 6
    for link in links:
        assert any(text.strip() for text in areas(reader.get(link), "tests_text"))
    two = reader.get("/?example=two_files")
    assert 'value="shop/basket.py"' in two.text
    assert reader.get("/?example=none").status_code == 404


def test_a_task_goes_back_into_the_form(reader: httpx2.Client) -> None:
    sent = fields(kind="validate", level="2", retries="1", description="once <more>")
    task = reader.post("/", data=sent).headers["Location"].rpartition("/")[2]
    page = reader.get("/", params={"from": task})
    assert (areas(page, "code_text"), areas(page, "tests_text")) == ([CODE], [TESTS])
    assert areas(page, "description") == ["once <more>"]
    assert re.search(r'value="validate" checked', page.text)
    assert re.search(r'name="retries"[^>]* value="1"', page.text)
    assert reader.get("/", params={"from": "nonsense"}).status_code == 404


def test_a_form_of_another_site_is_refused(web: Web) -> None:
    with web.browser() as browser:
        browser.get(web.run("open"))
        assert browser.post("/", data=fields()).status_code == 403


def test_files_without_content_are_left_out() -> None:
    draft = Draft(code=(Slot("a.py", "x"), Slot("", " ")), tests=(Slot("t.py", ""),))
    document = draft.document()
    assert (document["code"], document["tests"]) == ({"a.py": "x"}, {})
    with pytest.raises(InputError, match="has no name"):
        Draft(code=(Slot("", "x"),)).document()
