"""Answers over real HTTP, and what they are taken for."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import pytest
from flask import render_template

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.domain.views import TaskView
from fractal_rmo.services.documents import open_questions
from fractal_rmo.services.questions import Kind
from tests.webapp.conftest import Web
from tests.webapp.pages.conftest import ENDED, view
from webapp.factory import create_app
from webapp.pages.ladder import ladder
from webapp.pages.questions import answers_of, with_tests
from webapp.pages.task import shown

GAPS: dict[str, Json] = {
    "gaps": [
        {"question": f"Is f({n}) == {n} right?", "assertion": f"assert f({n}) == {n}",
         "path": "solution.py", "line": 2, "function": "f", "diff": ""}
        for n in (1, 2)
    ]
}  # fmt: skip
CODE = SourceTree({"solution.py": "def f(n):\n    return n\n"})


@pytest.fixture
def asked() -> TaskView:
    verdicts = ((1, Verdict(Level.MUTATION, Outcome.FAILED, "said", GAPS)),)
    return replace(view(**ENDED), code=CODE, verdicts=verdicts)


def test_each_answer_is_taken_for_its_question(asked: TaskView) -> None:
    one, two = open_questions(asked)
    form = {f"is_{one.id}": "yes", f"is_{two.id}": "no", f"as_{two.id}": "raises ValueError"}
    answers, troubles = answers_of(form, (one, two), CODE)
    assert troubles == []
    assert [a.body.text() for a in answers if a.body] == [
        "assert f(1) == 1", "with pytest.raises(ValueError):\n    f(2)",
    ]  # fmt: skip


def test_nothing_is_asserted_silently(asked: TaskView) -> None:
    found = open_questions(asked)
    for said in ("", "perhaps"):
        assert answers_of({f"is_{q.id}": said for q in found}, found, CODE) == ([], [])


def test_a_right_answer_that_is_none_is_said(asked: TaskView) -> None:
    one, two = open_questions(asked)
    answers, (trouble,) = answers_of(
        {f"is_{one.id}": "no", f"as_{one.id}": "f(1)"}, (one, two), CODE
    )
    assert answers == []
    assert trouble.startswith("Is f(1) == 1 right?")


def test_the_new_task_has_the_code_that_was_proven_and_one_more_file(asked: TaskView) -> None:
    mended = SourceTree({"solution.py": "def f(n):\n    return n + 1\n"})
    draft = with_tests(replace(asked, result=mended), "test_gaps.py", "text")
    assert [slot.text for slot in draft.code] == list(mended.files.values())
    assert (draft.tests[-1].name, draft.tests[-1].text) == ("test_gaps.py", "text")


def test_questions_are_on_their_rung_once_the_task_has_ended(asked: TaskView) -> None:
    assert [len(rung.questions) for rung in ladder(asked)] == [0, 0, 0, 0, 0, 2]
    running = replace(asked, row=replace(asked.row, ending=None))
    assert not any(rung.questions for rung in ladder(running))


def rendered(told: TaskView) -> str:
    """The changing part of a task's page."""
    with create_app().test_request_context():
        return render_template("_live.html", view=told, **shown(told))


def test_the_page_leads_to_what_is_asked(asked: TaskView) -> None:
    page = rendered(asked)
    assert '<a class="button" href="#questions-6">2 questions for you</a>' in page
    assert page.count('id="questions-6"') == 1
    running = rendered(replace(asked, row=replace(asked.row, ending=None)))
    assert "for you</a>" not in running


def test_what_a_model_stated_in_vain_is_asked_on_the_rung_of_properties(asked: TaskView) -> None:
    stated: Json = {
        "module": "solution", "says": "It is even.", "given": "", "holds": "f(n) % 2 == 0",
        "parameters": [{"name": "n", "values": "integers(0, 9)"}],
        "arguments": ["1"], "answer": "gives False", "outcome": "broken",
    }  # fmt: skip
    verdict = Verdict(Level.PROPERTY, Outcome.PASSED, "said", {"stated": [stated]})
    found = ladder(replace(asked, verdicts=((1, verdict),)))
    assert [[q.kind for q in rung.questions] for rung in found] == [
        [], [], [], [], [Kind.STATED], [],
    ]  # fmt: skip


def test_a_task_without_questions_makes_no_tests(reader: httpx2.Client) -> None:
    body = {"code": "x = 1\n", "tests": "y = 1\n"}
    task = reader.post("/api/v1/tasks", json=body).json()["id"]
    for do in ("", "download", "submit"):
        page = reader.post(f"/tasks/{task}/questions", data={"do": do, "is_abcdef": "yes"})
        assert (page.status_code, "No question has an answer" in page.text) == (200, True)


def test_a_form_of_another_site_is_refused(web: Web) -> None:
    with web.browser() as browser:
        browser.get(web.run("open"))
        sent = browser.post("/tasks/01a21780-995e-7baf-be85-cdeb58dd433d/questions", data={})
        assert sent.status_code == 403
