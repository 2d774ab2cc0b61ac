"""What the task's own words say an edit should bring in: "ignoring case" asks for ``lower``.

The description and the docstrings are in the language of people, and name what programs call:
"alphabetical" a sort, "distinct" a set, "at least" a ``>=``.  An edit that brings in what they
speak of is likelier than its prior says, and a number that they name is likelier than another.
The table is a judgement; it holds what exercises say, whatever the exercise.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.source import parse

ASKED = 2.5
"""How much likelier an edit is that brings in what the words ask for."""
NUMBERS = 12
"""Numbers of the words that edits may use, at most."""

_CASE = "case uppercase lowercase insensitive capital capitals either"
_MOST = "largest maximum biggest highest greatest longest oldest latest"
_LEAST = "smallest minimum lowest shortest cheapest youngest earliest"
_ORDER = "sorted sort order ordered ascending descending alphabetical alphabetically increasing"
_TURNED = "reverse reversed descending backwards decreasing"
_WORDS: Mapping[str, str] = MappingProxyType({
    "lower": _CASE, "upper": _CASE, "casefold": _CASE,
    "strip": "whitespace spaces blank blanks surrounding trimmed trim stripped",
    "split": "words whitespace separated tokens",
    "join": "joined separated concatenated concatenation",
    "sorted": f"{_ORDER} {_LEAST} {_MOST}", "sort": _ORDER,
    "reverse": _TURNED, "reversed": _TURNED,
    "set": "distinct unique different duplicates duplicate repeated",
    "abs": "absolute distance difference magnitude",
    "round": "round rounded decimals decimal nearest places",
    "int": "integer integers whole digit digits", "float": "float decimal real fraction",
    "str": "string text digits", "len": "length many number average mean count size",
    "sum": "sum total average mean", "max": _MOST, "min": _LEAST,
    "isdigit": "digit digits numeric", "isalpha": "letter letters alphabetic",
    "isalnum": "alphanumeric letters punctuation", "isupper": _CASE, "islower": _CASE,
    "list": "copy copied new unchanged modified changed", "copy": "copy copied unchanged changed",
    "remove": "remove removes removed drop dropped deletes deleted", "continue": "ignore ignored skip skipped",
    "break": "stop stops until", "ValueError": "invalid valueerror raises", "None": "none nothing",
    "//": "whole integer floor half middle", "%": "divisible remainder multiple even odd leap",
    "**": "power squared square squares cube", "/": "average mean half fraction",
})  # fmt: skip
_PHRASES: Mapping[str, str] = MappingProxyType({
    ">=": "at least|or more|not less|no less|minimum of|from .* on", "<=": "at most|or less|not more|inclusive|up to",
    ">": "more than|greater than|larger than|above|exceeds", "<": "less than|smaller than|below|fewer than",
    "not": r"\bnot\b|without|except", "0": "empty|zero|nothing", "1": "second|once", "-1": r"\blast\b",
    "2": "even|half|twice|pair", "3": "three|third|triple",
})  # fmt: skip
_TOKEN = re.compile(r"[A-Za-z_]+|\*\*|//|[<>]=|-?\d+(?:\.\d+)?|[<>%/]")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")


@dataclass(frozen=True)
class Wording:
    """The tokens that the words ask for, and the numbers that they name."""

    asked: frozenset[str] = frozenset()
    numbers: tuple[int | float, ...] = ()

    def times(self, old: str, new: str) -> float:
        """How much likelier the words make it that a text takes the place of another."""
        if not self.asked:
            return 1.0
        brought = set(_TOKEN.findall(new)).difference(_TOKEN.findall(old))
        return 1.0 if self.asked.isdisjoint(brought) else ASKED


NO_WORDS = Wording()


def wording(description: str, code: SourceTree) -> Wording:
    """What a description and the docstrings of the code ask for."""
    trees = (parse(text) for _, text in code.python_files())
    text = " ".join(
        [description, *(words for tree in trees if tree for words in _docstrings(tree))]
    )
    if not text.strip():
        return NO_WORDS
    lower = text.lower()
    said = set(re.findall(r"[a-z]+", lower))
    named = {token for token, words in _WORDS.items() if not said.isdisjoint(words.split())}
    named |= {token for token, phrase in _PHRASES.items() if re.search(phrase, lower)}
    numbers = list(dict.fromkeys(_NUMBER.findall(text)))[:NUMBERS]
    values = tuple(float(n) if "." in n else int(n) for n in numbers if len(n) < 10)
    return Wording(frozenset({*named, *numbers}), values)


def _docstrings(tree: ast.Module) -> list[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = (node for node in ast.walk(tree) if isinstance(node, kinds))
    return [ast.get_docstring(node) or "" for node in nodes]
