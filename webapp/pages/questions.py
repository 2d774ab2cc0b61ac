"""A person's answers to what a proof left open, as the text of a new test file.

Nothing is stored: the answers travel with the form, and the tests are proven
when the person submits them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.views import TaskView
from fractal_rmo.services.assertions import NotATestError
from fractal_rmo.services.documents import open_questions
from fractal_rmo.services.new_tests import Answered, accepted, file_text, free_name, refused
from fractal_rmo.services.questions import Question
from webapp.pages import submit
from webapp.pages.draft import Draft, Slot, of_task
from webapp.tools import tools

_MOST_CHARS = 1000


def answer(task_id: str) -> ResponseReturnValue:
    """The tests that the answers make: shown, downloaded, or in the form of a new task."""
    view = tools().tasks.show(task_id)
    answers, troubles = answers_of(request.form, open_questions(view), _judged(view))
    name, text = free_name(view.tests), file_text(answers)
    do = request.form.get("do", "")
    if text and not troubles and do == "download":
        head = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(text, content_type="text/x-python; charset=utf-8", headers=head)
    if text and not troubles and do == "submit":
        return submit.filled(with_tests(view, name, text))
    page = render_template(
        "questions.html",
        view=view,
        name=name,
        text=text,
        troubles=troubles,
        given={key: value for key, value in request.form.items() if key.startswith(("is_", "as_"))},
    )
    return page, 422 if troubles else 200


def answers_of(
    form: Mapping[str, str], found: Sequence[Question], code: SourceTree
) -> tuple[list[Answered], list[str]]:
    """(what was answered, what is wrong with an answer, in sentences)."""
    answers: list[Answered] = []
    troubles: list[str] = []
    for question in found:
        said = form.get(f"is_{question.id}", "")
        right = form.get(f"as_{question.id}", "")[:_MOST_CHARS]
        try:
            if said == "yes":
                answers.append(accepted(question))
            elif said == "no":
                answers.append(refused(question, right, code))
        except NotATestError as error:
            troubles.append(f"{question.text} {error}")
    return answers, troubles


def with_tests(view: TaskView, name: str, text: str) -> Draft:
    """The task again, with the code that was proven and one more file among the tests."""
    draft = of_task(view)
    code = _judged(view)
    files = tuple(Slot(path, content) for path, content in code.files.items())
    return replace(draft, code=files, tests=(*draft.tests, Slot(name, text)))


def _judged(view: TaskView) -> SourceTree:
    """The code that the questions are about."""
    return view.code if view.result is None else view.result
