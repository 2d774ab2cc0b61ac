"""The form that hands in a task."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from fractal_rmo.config.load import settings
from fractal_rmo.domain.errors import ErrorCode, FractalError
from fractal_rmo.domain.source import MAX_TREE_BYTES
from fractal_rmo.domain.task import BUILT_KINDS, Provider, TaskKind
from fractal_rmo.services import submit as services
from webapp.api.schemas import TaskInSchema
from webapp.api.tasks import to_task
from webapp.pages import draft as drafts
from webapp.pages.draft import Draft
from webapp.pages.ladder import LEVELS
from webapp.problems import status_of
from webapp.tools import tools

_KINDS = {
    TaskKind.FIX: "Repair the code until its tests pass, and prove the patch.",
    TaskKind.GENERATE: "Let a language model write code from the description, and prove it.",
    TaskKind.REFACTOR: "Simplify the code by safe rules, and prove that it answers as before.",
    TaskKind.DOCUMENT: "Write docstrings whose examples run, from calls of the passing tests.",
    TaskKind.VALIDATE: "Prove the code as it is; nothing is changed.",
    TaskKind.DATA: "Code is a table (.csv, .json), tests its JSON Schema: check and repair it.",
    TaskKind.ANALYZE: "Let the five analyzers report; nothing is run.",
}
_PROVIDERS = {
    Provider.AUTO: "auto: the best there is",
    Provider.OFFLINE: "offline: the repair engine, no key",
    Provider.OPENAI: "openai, or a server that speaks its protocol",
    Provider.ANTHROPIC: "anthropic",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a form came back, and what mends it."""

    sentence: str
    remedy: str
    status: int = 422


def form() -> ResponseReturnValue:
    """The form: blank, with an example in it, or with what another task was given."""
    if task_id := request.args.get("from", ""):
        return _render(drafts.of_task(tools().tasks.show(task_id)))
    name = request.args.get("example", "")
    if not name:
        return _render(Draft())
    found = current_app.extensions["examples"].get(name) or abort(404)
    return _render(drafts.of_example(found))


def filled(draft: Draft) -> ResponseReturnValue:
    """The form with something in it that another page has prepared."""
    return _render(draft)


def hand_in() -> ResponseReturnValue:
    """Submit and go to the task; else the form again, with all that was typed and the reason."""
    draft = drafts.of_form(request.form)
    if order := request.form.get("do", ""):
        return _render(draft.edited(order))
    try:
        given = TaskInSchema().load(draft.document())
        task_id = services.submit(to_task(given), tools(), draft.key)
    except ValidationError as error:
        return _render(draft, Trouble(_places(error.messages_dict), ""))
    except FractalError as error:
        if error.code is ErrorCode.KEY_TAKEN:
            return _render(replace(draft, key=Draft().key), _SENT_BEFORE)
        return _render(draft, Trouble(error.detail, error.remedy, status_of(error)))
    return redirect(url_for("pages.task", task_id=task_id), 303)


_SENT_BEFORE = Trouble(
    "This form was sent before, with other content.", "Send it again to make a new task of it.", 409
)


def _places(messages: dict[str, object], above: str = "") -> str:
    """Every field that does not fit, with what is expected there."""
    said: list[str] = []
    for name, inner in messages.items():
        place = f"{above}{name}"
        if isinstance(inner, dict):
            said.append(_places(inner, f"{place}, "))
        else:
            said.append(f"{place}: {' '.join(map(str, inner if isinstance(inner, list) else []))}")
    return " ".join(said)


def _render(draft: Draft, trouble: Trouble | None = None) -> ResponseReturnValue:
    page = render_template(
        "submit.html",
        draft=draft,
        trouble=trouble,
        examples=current_app.extensions["examples"].values(),
        kinds={kind: _KINDS[kind] for kind in BUILT_KINDS},
        levels=LEVELS,
        providers=_PROVIDERS,
        most=services.budget({}, settings().limits),
        largest=MAX_TREE_BYTES,
    )
    return page, trouble.status if trouble else 200
