"""``mutants``: what mutmut would change in foreign code, as edits of its text.

``{"mutants": [{"path", "start", "end", "text", "function", "line"}], "possible", "problem"}``:
characters ``start`` to ``end`` of the file (without a byte order mark) become
``text``.  ``line`` is that of the ``def``, from 1, and ``function`` the qualified name.
"""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import (
    CodePosition,
    MetadataWrapper,
    PositionProvider,
    WhitespaceInclusivePositionProvider,
)
from mutmut.mutation.file_mutation import Mutation, MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

from fractal_rmo.jailed.layout import Box

MAX_FILE_CHARS = 200_000
_NEWLINE = re.compile(r"\r\n?|\n")


@dataclass(frozen=True)
class Edit:
    """One mutant."""

    path: str
    start: int
    end: int
    text: str
    function: str
    line: int


def versions() -> dict[str, str]:
    """The tools that this program runs."""
    return {name: version(name) for name in ("mutmut", "libcst")}


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """At most ``most`` mutants of the files in ``code``, a sample drawn by ``seed`` above that.

    What changes nothing, does not compile or comes twice is no mutant.
    ``possible`` counts what mutmut would change, before all that; ``problem``
    names files that could not be read, "" for none.
    """
    changes: list[tuple[_File, Mutation]] = []
    problems = []
    for path in sorted(payload["code"]):
        text = (box.code / path).read_bytes().decode("utf-8", "replace")
        try:
            file = _File(path, text.removeprefix("\ufeff"))
            changes += [(file, mutation) for mutation in file.mutations()]
        except (cst.ParserSyntaxError, RecursionError, _TooLongError) as error:
            problems.append(f"{path}: {type(error).__name__}")
    random.Random(payload["seed"]).shuffle(changes)  # noqa: S311 - a sample, no secret
    kept: set[Edit] = set()
    for file, mutation in changes:
        edit = file.edit(mutation) if len(kept) < payload["most"] else None
        if edit and edit not in kept and file.compiles(edit):
            kept.add(edit)
    ordered = sorted(kept, key=lambda e: (e.path, e.start, e.end, e.text))
    return {
        "mutants": [asdict(edit) for edit in ordered],
        "possible": len(changes),
        "problem": ", ".join(problems)[:500],
    }


class _TooLongError(Exception):
    """A file that would take too long."""


class _File:
    """One file, parsed once."""

    def __init__(self, path: str, text: str) -> None:
        if len(text) > MAX_FILE_CHARS:
            raise _TooLongError
        self._path, self._text = path, text
        # parsed just now, so that no node stands in it twice
        wrapper = MetadataWrapper(
            cst.parse_module(text), unsafe_skip_copy=True
        )  # fresh: no part twice
        # Nothing is ignored, whatever the file's comments say: "no mutate" has no effect here.
        visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
        self._module = wrapper.visit(visitor)
        self._mutations = visitor.mutations
        self._spans = wrapper.resolve(WhitespaceInclusivePositionProvider)
        self._places = wrapper.resolve(PositionProvider)
        self._futures = "".join(
            map(self._module.code_for_node, filter(_is_future, self._module.body))
        )
        self._names = dict(self._functions())
        self._extents: dict[tuple[str, int], tuple[int, int]] = {}
        alone = m.findall(self._module, m.Expr(value=m.SimpleString()))
        self._idle = {id(cst.ensure_type(node, cst.Expr).value) for node in alone}

    @cached_property
    def _lines(self) -> list[int]:
        """Where each line starts."""
        return [0, *(found.end() for found in _NEWLINE.finditer(self._text))]

    def mutations(self) -> Iterator[Mutation]:
        """Of functions and the methods of classes, both of the top level."""
        for mutation in self._mutations:
            is_idle = id(mutation.original_node) in self._idle  # as docstrings are
            if mutation.contained_by_top_level_function in self._names and not is_idle:
                yield mutation

    def edit(self, mutation: Mutation) -> Edit | None:
        """A mutation as a change of the text; None where nothing is changed."""
        function = mutation.contained_by_top_level_function
        if function is None:
            return None
        start, end, text = self._change(mutation)
        if self._text[start:end] == text:
            return None
        line = self._places[function].start.line
        self._extents[self._names[function], line] = self._extent(function)
        return Edit(self._path, start, end, text, self._names[function], line)

    def _functions(self) -> Iterator[tuple[cst.CSTNode, str]]:
        for node in self._module.body:
            if isinstance(node, cst.FunctionDef):
                yield node, node.name.value
            elif isinstance(node, cst.ClassDef):
                for inner in node.body.body:
                    if isinstance(inner, cst.FunctionDef):
                        yield inner, f"{node.name.value}.{inner.name.value}"

    def _change(self, mutation: Mutation) -> tuple[int, int, str]:
        """(start, end, new text), as few characters as its two ends leave."""
        old, new = mutation.original_node, mutation.mutated_node
        span = self._spans.get(old)
        if span is not None:
            start, end = self._offset(span.start), self._offset(span.end)
            if self._text[start:end] == self._module.code_for_node(old):
                return self._trimmed(start, end, self._module.code_for_node(new))
        # a block of lines, whose indentation only the whole file knows
        changed = cst.ensure_type(self._module.deep_replace(old, new), cst.Module)
        return self._trimmed(0, len(self._text), changed.code)

    def _extent(self, function: cst.CSTNode) -> tuple[int, int]:
        """(start, end) of a definition in whole lines."""
        span = self._spans[function]
        is_last = span.end.line > len(self._lines)  # of a file without an end of line
        end = len(self._text) if is_last else self._offset(span.end)
        return self._offset(span.start), end

    def _offset(self, position: CodePosition) -> int:
        return self._lines[position.line - 1] + position.column

    def _trimmed(self, start: int, end: int, new: str) -> tuple[int, int, str]:
        old = self._text[start:end]
        most = min(len(old), len(new))
        head = next((i for i in range(most) if old[i] != new[i]), most)
        tail = next((i for i in range(most - head) if old[-1 - i] != new[-1 - i]), most - head)
        return start + head, end - tail, new[head : len(new) - tail]

    def compiles(self, edit: Edit) -> bool:
        """Whether Python would take the mutated definition; the rest of the file is as it was."""
        start, end = self._extents[edit.function, edit.line]
        text = self._text[start : edit.start] + edit.text + self._text[edit.end : end]
        shell = "class Shell:\n" if "." in edit.function else ""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(self._futures + shell + text, edit.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        return True


def _is_future(statement: cst.CSTNode) -> bool:
    return m.matches(
        statement,
        m.SimpleStatementLine(body=[m.ImportFrom(module=m.Name("__future__"))]),
    )
