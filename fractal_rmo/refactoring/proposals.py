"""Where the rules apply, one edit after the other in a fixed order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.edit import Edit
from fractal_rmo.refactoring.rewrite import checked
from fractal_rmo.refactoring.rules import RULES, Rule
from fractal_rmo.refactoring.view import View, views


@dataclass(frozen=True, slots=True)
class Proposal:
    """One edit that a rule proposes.

    ``key`` names it whatever other edits were made before: rule, file and the two texts.
    """

    path: str
    rule: str
    edit: Edit
    key: str

    def apply(self, code: SourceTree) -> SourceTree:
        """The code with this edit made."""
        return code.replace(self.path, self.edit.apply(code.files[self.path]))


def proposals(
    code: SourceTree, tests: SourceTree, rules: tuple[Rule, ...] = RULES
) -> Iterator[Proposal]:
    """Every edit that may be made next, in order of files and places."""
    for view in views(code, tests):
        try:
            yield from _of_file(view, rules)
        except RecursionError:
            continue  # nested too deeply to be compared with what is meant


def _of_file(view: View, rules: tuple[Rule, ...]) -> Iterator[Proposal]:
    for node in [*view.file.editable]:
        for rule in rules:
            for rewrite in rule.find(node, view):
                edit = checked(view, rewrite, rule.sentence)
                if edit is not None:
                    yield Proposal(view.file.path, rule.name, edit, _key(view, rule, edit))


def _key(view: View, rule: Rule, edit: Edit) -> str:
    old = view.file.text[edit.start : edit.end]
    parts = (rule.name, view.file.path, old, edit.text)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]
