"""What a person is typing into the form, right or wrong, before it is a task."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Provider, TaskKind
from fractal_rmo.domain.views import TaskView
from webapp.pages.examples import Example

GROUPS = {"code": "solution.py", "tests": "test_solution.py"}
"""The two groups of files, each with the usual name of its first one."""
BUDGET = ("seconds", "tokens", "dollars", "retries")


@dataclass(frozen=True, slots=True)
class Slot:
    """One file of the form."""

    name: str = ""
    text: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to be submitted in it."""
        return not self.text.strip()


def _key() -> str:
    return secrets.token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class Draft:
    """The form's fields as typed; ``key`` makes one task of a form sent twice."""

    description: str = ""
    kind: str = TaskKind.FIX.value
    level: str = "3"
    provider: str = Provider.AUTO.value
    code: tuple[Slot, ...] = (Slot(GROUPS["code"]),)
    tests: tuple[Slot, ...] = (Slot(GROUPS["tests"]),)
    budget: Mapping[str, str] = field(default_factory=dict)
    python: str = ""
    key: str = field(default_factory=_key)

    def edited(self, order: str) -> Draft:
        """After a press on a button that adds or drops a file: ``add:code``, ``drop:tests:1``."""
        verb, _, rest = order.partition(":")
        group, _, number = rest.partition(":")
        if group not in GROUPS:
            return self
        slots = self.code if group == "code" else self.tests
        if verb == "add":
            slots = (*slots, Slot())
        elif verb == "drop" and number in map(str, range(len(slots))):
            slots = tuple(s for n, s in enumerate(slots) if n != int(number)) or (Slot(),)
        return replace(self, code=slots) if group == "code" else replace(self, tests=slots)

    def document(self) -> dict[str, Any]:
        """The same as REST takes it.  Raises ``InputError`` for names that cannot be told apart."""
        return {
            "description": self.description,
            "kind": self.kind,
            "level": _number(self.level),
            "provider": self.provider,
            "python": self.python,
            "code": _files("code", self.code),
            "tests": _files("tests", self.tests),
            "budget": {name: _number(text) for name, text in self.budget.items() if text},
        }


def of_example(example: Example) -> Draft:
    """An example in the form."""
    return Draft(
        description=f"The example {example.title}",
        code=tuple(Slot(name, text) for name, text in example.code.items()),
        tests=tuple(Slot(name, text) for name, text in example.tests.items()),
    )


def of_task(view: TaskView) -> Draft:
    """What was submitted once, to be changed and submitted as another task."""
    return Draft(
        description=view.row.description,
        kind=view.row.kind,
        level=str(view.row.level),
        provider=view.row.provider,
        python=view.row.python,
        code=_of_tree("code", view.code),
        tests=_of_tree("tests", view.tests),
        budget={name: f"{view.budget[name]:.15g}" for name in BUDGET},
    )


def _of_tree(group: str, tree: SourceTree) -> tuple[Slot, ...]:
    slots = tuple(Slot(name, text) for name, text in tree.files.items())
    return slots or (Slot(GROUPS[group]),)


def of_form(form: MultiDict[str, str]) -> Draft:
    """What was sent; browsers send line ends as CR LF, whatever was in the field."""
    return Draft(
        description=_lines(form.get("description", "")).strip(),
        kind=form.get("kind", ""),
        level=form.get("level", ""),
        provider=form.get("provider", ""),
        python=form.get("python", "").strip(),
        code=_slots("code", form),
        tests=_slots("tests", form),
        budget={name: form.get(name, "").strip() for name in BUDGET},
        key=form.get("key", "")[:200] or _key(),
    )


def _slots(group: str, form: MultiDict[str, str]) -> tuple[Slot, ...]:
    names, texts = form.getlist(f"{group}_name"), form.getlist(f"{group}_text")
    return tuple(Slot(n.strip(), _lines(t)) for n, t in zip(names, texts, strict=False))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _files(group: str, slots: Sequence[Slot]) -> dict[str, str]:
    files: dict[str, str] = {}
    for slot in slots:
        if slot.is_blank and (not slot.name or len(slots) == 1):
            continue
        if not slot.name:
            raise InputError(ErrorCode.BAD_FILE_NAME, f"A file of the {group} has no name.")
        if slot.name in files:
            raise InputError(
                ErrorCode.BAD_FILE_NAME, f"Two files of the {group} are called '{slot.name}'."
            )
        files[slot.name] = slot.text
    return files


def _number(text: str) -> float | str:
    """The number that was typed, else the text, for the schema to refuse."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
