"""What is said of a function: one sentence and examples, each backed by answers that were seen."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Sequence

from fractal_rmo.documenting.asking import Seen
from fractal_rmo.editing.source import copied
from fractal_rmo.validation.generated.answers import Answer
from fractal_rmo.validation.generated.hints import allows
from fractal_rmo.validation.generated.targets import Target

WIDEST = 84
"""Characters of a line without its indentation."""
_VALUES, _ERRORS = 2, 1
"""Examples that are shown at most."""
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{5,}")


def sentence(target: Target, seen: Sequence[Seen]) -> str:
    """One sentence on what comes of which parameters; "" where nothing worth saying was seen."""
    values = [one.answer for one in seen if one.answer.state == "value"]
    kinds = list(dict.fromkeys(map(kind_of, values)))
    errors = list(dict.fromkeys(o.answer.error for o in seen if o.answer.state == "raised"))
    if kinds in ([], ["None"]) or not all(name.isidentifier() for name in errors):
        return ""
    promised = _promised(target, values)
    begun = f"Return {promised}" if promised else f"Seen to return {_either(kinds)}"
    join = "; seen" if promised else ", and"
    end = f"{join} to raise {_either(errors)}." if errors else "."
    for given in _given(target):
        text = f"{begun} for ``{given}``{end}" if given else f"{begun}{end}"
        if len(text) <= WIDEST and text.isprintable() and not set(text) & {'"', "\\"}:
            return text
    return ""


def examples(seen: Sequence[Seen]) -> list[str]:
    """Lines of the examples, the tests' order kept; [] where no answer is fit to be shown."""
    values = [one for one in seen if _is_shown_as_value(one)]
    values = sorted(values, key=lambda one: one.answer.text in ("[]", "{}", "()", "''", "0"))
    chosen = [*_unlike(values)][:_VALUES]
    alone = not chosen and any("." in one.call.target.name for one in seen)
    errors = [one for one in seen if not alone and _is_shown_as_error(one)]
    return [line for one in [*chosen, *errors[:_ERRORS]] for line in _lines(one)]


def kind_of(answer: Answer) -> str:
    """The name of an answer's type, as far as its form tells it."""
    form, text = answer.form, answer.text
    if form is None:
        return "None"
    if isinstance(form, str):
        return "str"
    if isinstance(form, list):
        tag = str(form[0]) if form else ""
        named = {"object": str(form[-1]), "iterator": "an iterator"}
        if tag in ("set", "bytes"):  # told alike, and written with their own names
            return next((n for n in ("frozenset", "bytearray") if text.startswith(n)), tag)
        return named.get(tag, tag)
    if text in ("True", "False"):
        return "bool"
    return "float" if set(text) & set(".en") else "int"


def _promised(target: Target, values: Sequence[Answer]) -> str:
    """The return hint where every answer keeps it; else ""."""
    hint = target.node.returns
    if hint is None or not all(value.whole and not value.is_iterator for value in values):
        return ""
    try:
        kept = all(allows(hint, ast.literal_eval(value.text)) for value in values)
    except (ValueError, SyntaxError):
        return ""
    text = hint.value if isinstance(hint, ast.Constant) else ast.unparse(hint)
    return str(text) if kept else ""


def _given(target: Target) -> Iterator[str]:
    """The parameters with hints and defaults, then without hints, then by name, then none."""
    node = copied(target.node.args)
    is_method = "." in target.name and len(target.positional) < len(node.posonlyargs + node.args)
    if is_method:
        (node.posonlyargs or node.args).pop(0)
    if not ast.unparse(node):
        yield ""
        return
    yield ast.unparse(node)
    every = [*node.posonlyargs, *node.args, *node.kwonlyargs, node.vararg, node.kwarg]
    for parameter in filter(None, every):
        parameter.annotation = None
    yield ast.unparse(node)
    yield ", ".join(parameter.arg for parameter in filter(None, every))
    yield ""


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _unlike(seen: Sequence[Seen]) -> Iterator[Seen]:
    """Those with answers that none before them had, then the others."""
    first = {one.answer.text: one for one in reversed(seen)}
    yield from (one for one in seen if first[one.answer.text] is one)
    yield from (one for one in seen if first[one.answer.text] is not one)


def _is_shown_as_value(one: Seen) -> bool:
    """Whether doctest would print exactly the text: one line, whole, and read back the same."""
    answer = one.answer
    text = answer.text
    if answer.state != "value" or answer.form is None or not answer.whole or answer.printed:
        return False
    try:
        is_repr = repr(ast.literal_eval(text)) == text
    except (ValueError, SyntaxError, RecursionError):
        return False
    return is_repr and not _holds_set(answer.form) and _fits(_written(one), text)


def _is_shown_as_error(one: Seen) -> bool:
    answer = one.answer
    kind = getattr(builtins, answer.error, None) if answer.state == "raised" else None
    if not (isinstance(kind, type) and issubclass(kind, Exception)) or answer.printed:
        return False
    plain = answer.message == answer.text and "..." not in answer.text and answer.text[:1] != " "
    special = issubclass(kind, SyntaxError | BaseExceptionGroup | UnicodeError)
    return plain and not special and _fits(_written(one), _error_line(answer))


def _fits(*lines: str) -> bool:
    return all(
        0 < len(line) <= WIDEST - 4
        and line.isprintable()
        and '"""' not in line
        and "# doctest" not in line
        and "<BLANKLINE>" not in line
        and not _ADDRESS.search(line)
        for line in lines
    )


def _holds_set(form: object) -> bool:
    """Whether a set is in it: printed in an order of its own."""
    return isinstance(form, list) and (form[:1] == ["set"] or any(map(_holds_set, form)))


def _written(one: Seen) -> str:
    text = one.call.written
    return f"list({text})" if one.answer.is_iterator else text


def _error_line(answer: Answer) -> str:
    return f"{answer.error}: {answer.text}" if answer.text else answer.error


def _lines(one: Seen) -> Iterator[str]:
    yield f">>> {_written(one)}"
    if one.answer.state == "value":
        yield one.answer.text
        return
    yield from ("Traceback (most recent call last):", "    ...", _error_line(one.answer))
