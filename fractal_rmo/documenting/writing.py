"""A docstring as one cut into a file, made only if nothing but docstrings is different then."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Sequence

from fractal_rmo.documenting.places import Place
from fractal_rmo.editing.edit import Edit
from fractal_rmo.editing.source import ParsedFile, parse

_TRIPLE = re.compile(r"""[rRuU]?(\"{3}|'{3})""")
_COOKIE = re.compile(r"\A\ufeff?(?:[^\r\n]*(?:\r\n|\r|\n))?[ \t\f]*#.*?coding[:=]")


def written(place: Place, first: str, examples: Sequence[str]) -> Edit | None:
    """The cut that writes ``first`` and the examples, or appends these to the docstring.

    None where that cannot be done with everything else, comments among it, as it is.
    """
    lines = [first, *(["", *examples] if examples else [])]
    if place.documented is None:
        edit = _new(place, lines) if first else None
    else:
        edit = _longer(place, examples) if examples else None
    return edit if edit and _changes_docstrings_only(place.file, edit) else None


def _new(place: Place, lines: Sequence[str]) -> Edit | None:
    file, node = place.file, place.node
    start = _start(file, node.body[0])
    line_start = _line_start(file.text, start)
    before, newline = file.text[line_start:start], newline_of(file.text)
    sentence = _says(place, "docstring", lines)
    if before.strip():  # the body stands on the line of its head
        indent = _indent(file, node) + ("\t" if "\t" in _indent(file, node) else "    ")
        gap = len(before) - len(before.rstrip())
        text = f"{newline}{indent}{_quoted(lines, indent, newline)}{newline}{indent}"
        return Edit(start - gap, start, text, node.lineno, sentence)
    start = _above_comments(file.text, line_start) + len(before)
    text = f"{_quoted(lines, before, newline)}{newline}{before}"
    return Edit(start, start, text, node.lineno, sentence)


def _quoted(lines: Sequence[str], indent: str, newline: str) -> str:
    body = _joined(lines, indent, newline)
    prefix = "r" if "\\" in body else ""
    end = f"{newline}{indent}" if len(lines) > 1 else ""
    return f'{prefix}"""{body}{end}"""'


def _longer(place: Place, examples: Sequence[str]) -> Edit | None:
    """The examples below what the docstring says, which stays as it is written."""
    file, first = place.file, place.node.body[0]
    start, end = file.span(first)
    token = file.text[start:end]
    opened = _TRIPLE.match(token)
    if opened is None or len(_strings(token)) != 1 or not token.endswith(opened[1]):
        return None  # quotes of one line, or several texts side by side, would have to change
    line_start = _line_start(file.text, start)
    indent, newline = file.text[line_start:start], newline_of(file.text)
    if indent.strip():
        return None
    inside = token[opened.end() : -3]
    trimmed = inside.rstrip(" \t")
    body = _joined(examples, indent, newline)
    body = body if token[0] in "rR" else body.replace("\\", "\\\\")
    ends_line = trimmed.endswith(("\n", "\r"))
    cut = start + opened.end() + (len(trimmed) if ends_line else len(inside))
    gap = newline if ends_line else newline * 2
    tail = f"{newline}{indent}"
    says = _says(place, "example", examples)
    return Edit(cut, end - 3, f"{gap}{indent}{body}{tail}", place.node.lineno, says)


def _says(place: Place, what: str, lines: Sequence[str]) -> str:
    count = sum(line.startswith(">>> ") for line in lines)
    if what == "example":
        return f"{place.name}: {_examples(count)} below its docstring."
    return f"{place.name}: a docstring" + (f" with {_examples(count)}." if count else ".")


def _examples(count: int) -> str:
    return "an example" if count == 1 else f"{count} examples"


def _joined(lines: Sequence[str], indent: str, newline: str) -> str:
    return newline.join(
        line if n == 0 or not line else indent + line for n, line in enumerate(lines)
    )


def _strings(token: str) -> list[str]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(token).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [one.string for one in tokens if one.type == tokenize.STRING]


def _start(file: ParsedFile, statement: ast.stmt) -> int:
    """Where a statement begins, its decorators included."""
    decorators = getattr(statement, "decorator_list", [])
    if not decorators:
        return file.span(statement)[0]
    return file.text.rindex("@", 0, file.span(decorators[0])[0])


def _indent(file: ParsedFile, node: ast.stmt) -> str:
    start = file.span(node)[0]
    return file.text[_line_start(file.text, start) : start]


def _line_start(text: str, offset: int) -> int:
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def _above_comments(text: str, line_start: int) -> int:
    """The start of the first of the comment lines right above; a docstring comes before them."""
    while line_start:
        end = line_start - (2 if text[:line_start].endswith("\r\n") else 1)
        above = _line_start(text, end)
        if not text[above:end].lstrip().startswith("#"):
            break
        line_start = above
    return line_start


def newline_of(text: str) -> str:
    """The line end that a file uses first."""
    found = re.search(r"\r\n|\r|\n", text)
    return found[0] if found else "\n"


def _changes_docstrings_only(file: ParsedFile, edit: Edit) -> bool:
    after = edit.apply(file.text)
    tree = parse(after)
    if tree is None or (not edit.text.isascii() and _COOKIE.match(file.text)):
        return False
    keeps = _comments(file.text) == _comments(after)
    return keeps and bare(tree) == bare(file.tree)


def bare(tree: ast.Module) -> str:
    """The tree as text, the docstrings of its functions left out."""
    copy = ast.parse(ast.unparse(tree))
    for node in ast.walk(copy):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node, clean=False) is not None
            node.body = node.body[documented:]
    return ast.dump(copy)


def _comments(text: str) -> list[str]:
    readline = io.StringIO(text, newline="").readline
    tokens = tokenize.generate_tokens(readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]
