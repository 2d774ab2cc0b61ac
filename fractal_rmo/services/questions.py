"""What levels 5 and 6 leave to a person: gaps of the tests, and counter-examples.

This is the one place that reads both out of the evidence.  Each is a question
with an id of its content, so that an answer given to it is never taken for the
answer to another one, whatever a later run finds.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Verdict
from fractal_rmo.services.assertions import (
    Body,
    NotATestError,
    is_builtin_exception,
    is_name,
    must_be,
    must_equal,
    names_at_top,
    read_body,
    read_call,
    read_value,
)
from fractal_rmo.validation.integration.modules import modules
from fractal_rmo.validation.property.findings import AS_BEFORE, CRASH
from fractal_rmo.validation.stated.level import BROKEN
from fractal_rmo.validation.stated.reading import read_property
from fractal_rmo.validation.stated.refusing import PropertyRefusedError

_GIVES = "gives "


class Kind(StrEnum):
    """What a question is about."""

    GAP = "gap"
    """Whether what the code does is right; the tests do not say."""
    COUNTER_EXAMPLE = "counter_example"
    """A call that breaks a property: it can be kept as a failing test."""
    STATED = "stated_property"
    """An input that breaks what a model stated of the code unseen: it or the code is wrong."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question: ``id`` is six hex digits, ``body`` None where no test can be written.

    ``why_not`` then says why.  ``module`` is where ``function`` is imported from,
    ``line`` is 0 and ``diff`` "" for a counter-example.  ``also`` are further
    functions of the module that the test calls, ``uses_math`` says what else it imports.
    """

    id: str
    kind: Kind
    text: str
    module: str
    function: str
    path: str
    line: int = 0
    diff: str = ""
    body: Body | None = None
    why_not: str = ""
    also: tuple[str, ...] = ()
    uses_math: bool = False

    def as_json(self) -> dict[str, Json]:
        """For a document: the question, and the statements that would answer it."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "question": self.text,
            "path": self.path,
            "line": self.line,
            "function": self.function,
            "test": self.body.text() if self.body else "",
            "why_not": self.why_not,
        }


def questions(verdicts: Iterable[Verdict], code: SourceTree) -> list[Question]:
    """Every question of the verdicts on this code, in their order."""
    found: list[Question] = []
    for verdict in verdicts:
        if verdict.level is Level.MUTATION:
            found += (_gap(item, code) for item in _items(verdict, "gaps"))
        elif verdict.level is Level.PROPERTY:
            found += (_counter_example(item, code) for item in _items(verdict, "counter_examples"))
            broken = (i for i in _items(verdict, "stated") if i.get("outcome") == BROKEN)
            found += (_stated(item, code) for item in broken)
    return list({question.id: question for question in found}.values())


def _items(verdict: Verdict, name: str) -> Iterator[Mapping[str, Json]]:
    listed = verdict.evidence.get(name)
    if isinstance(listed, Sequence) and not isinstance(listed, str):
        yield from (item for item in listed if isinstance(item, Mapping))


def _gap(item: Mapping[str, Json], code: SourceTree) -> Question:
    path, function, assertion = (_text(item, n) for n in ("path", "function", "assertion"))
    function = function if is_name(function) else ""
    line = item.get("line")
    module, body, why_not = _module_of(path, code), None, ""
    try:
        body = _runnable(read_body(assertion, function), module, path, code)
    except NotATestError as error:
        why_not = str(error)
    return Question(
        _id(Kind.GAP, path, function, assertion),
        Kind.GAP,
        _text(item, "question"),
        module,
        function,
        path,
        line if isinstance(line, int) else 0,
        _text(item, "diff"),
        body,
        why_not,
    )


def _counter_example(item: Mapping[str, Json], code: SourceTree) -> Question:
    call, broken = _text(item, "call"), _text(item, "property")
    answers = item.get("answers")
    told = [str(answer) for answer in answers] if isinstance(answers, list) else []
    module = function = path = why_not = ""
    body = None
    try:
        module, function, _ = read_call(call)
        path = next((m.path for m in modules(code) if m.name == module), "")
        body = _runnable(_failing(broken, call, told), module, path, code)
    except NotATestError as error:
        why_not = str(error)
    does = f"{call} {' or '.join(dict.fromkeys(told))}".strip()
    return Question(
        _id(Kind.COUNTER_EXAMPLE, broken, call),
        Kind.COUNTER_EXAMPLE,
        f"{does}. This breaks the property '{broken}'.",
        module,
        function,
        path,
        body=body,
        why_not=why_not,
    )


def _failing(broken: str, call: str, answers: Sequence[str]) -> Body:
    """A test that fails while the property is broken; raises ``NotATestError``."""
    _, _, asked = read_call(call)
    if broken == CRASH:
        return Body((ast.Expr(asked),))
    if broken == AS_BEFORE and answers[:1] and answers[0].startswith(_GIVES):
        return Body((must_equal(asked, read_value(answers[0].removeprefix(_GIVES))),))
    raise NotATestError("One test in one process cannot show this property.")


def _stated(item: Mapping[str, Json], code: SourceTree) -> Question:
    """What a model stated and the code did not keep; the evidence is read as the reply was."""
    module, listed = _text(item, "module"), item.get("arguments")
    arguments = [str(one) for one in listed] if isinstance(listed, list) else []
    names: tuple[str, ...] = ("",)
    path = next((m.path for m in modules(code) if m.name == module), "")
    told, why_not, body, uses_math = "", "", None, False
    try:
        stated = read_property(item)
        names, uses_math = stated.holds.functions, stated.holds.uses_math
        given = list(zip(stated.values, arguments, strict=True))
        told = ", ".join(f"{name} = {value}" for name, value in given)
        assigned = [must_be(name, read_value(value)) for name, value in given]
        holds = ast.parse(stated.holds.text, mode="eval").body
        body = _runnable(Body((*assigned, ast.Assert(holds, None))), module, path, code)
    except (NotATestError, PropertyRefusedError, ValueError) as error:
        why_not = str(error)
    says, holds_text = _text(item, "says"), _text(item, "holds")
    return Question(
        _id(Kind.STATED, module, holds_text, *arguments),
        Kind.STATED,
        f"With {told or 'some input'}, '{holds_text}' {_text(item, 'answer')}. A model that had not"
        f" seen the code stated: '{says}' Either of the two may be wrong.",
        module,
        names[0],
        path,
        body=body,
        why_not=why_not,
        also=names[1:],
        uses_math=uses_math,
    )


def corrected(question: Question, right: str, code: SourceTree) -> Body:
    """The test that asks for the right answer instead; raises ``NotATestError``."""
    if question.body is None:
        raise NotATestError(question.why_not)
    if question.kind is Kind.STATED:
        raise NotATestError("Of what was stated only yes or no can be said.")
    return _runnable(question.body.corrected(right.strip()), question.module, question.path, code)


def _runnable(body: Body, module: str, path: str, code: SourceTree) -> Body:
    """The same body; raises ``NotATestError`` where its imports could not be written."""
    if not module or path not in code.files or "__init__.py" in code.files:
        raise NotATestError("No import statement can name the file.")
    name = body.expected
    known = not name or is_builtin_exception(name) or name in names_at_top(code.files[path])
    if not known:
        raise NotATestError(f"Where the exception {name} could be imported from is not known.")
    return body


def _module_of(path: str, code: SourceTree) -> str:
    return next((module.name for module in modules(code) if module.path == path), "")


def _id(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:6]


def _text(item: Mapping[str, Json], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""
