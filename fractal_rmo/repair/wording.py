"""What the task's own words say an edit should bring in: "ignoring case" asks for ``lower``.

The description and the docstrings are in the language of people, and name what programs call:
"alphabetical" a sort, "distinct" a set, "at least" a ``>=``.  An edit that brings in what they
speak of is likelier than its prior says, and a number that they name is likelier than another.
The table is a judgement; it holds what exercises say, whatever the exercise.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.source import parse

ASKED = 2.0
"""How much likelier an edit is that brings in what the words ask for."""
LONGEST = 20_000
"""Characters of a description that are read, at most."""
NUMBERS, DIGITS = 12, 10
"""Numbers of the words that edits may use, at most, and their digits."""

_CASE = "case uppercase lowercase insensitive capital capitals"
_MOST = "largest maximum biggest highest greatest longest oldest latest"
_LEAST = "smallest minimum lowest shortest cheapest youngest earliest"
_ORDER = "sorted sort order ordered ascending descending alphabetical alphabetically increasing"
_TURNED = "reverse reversed descending backwards decreasing"
_WORDS: Mapping[str, str] = MappingProxyType({
    "lower": _CASE, "upper": _CASE, "casefold": _CASE,
    "strip": "whitespace spaces blank blanks surrounding trimmed trim stripped",
    "split": "words whitespace separated tokens",
    "join": "joined separated concatenated concatenation",
    "sorted": _ORDER, "sort": _ORDER,
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
    "remove": "remove removes removed drop dropped deletes deleted",
    "continue": "ignore ignored skip skipped",
    "break": "stop stops until",
    "//": "whole integer floor half middle", "%": "divisible remainder multiple even odd leap",
    "**": "power squared square squares cube", "/": "average mean half fraction",
})  # fmt: skip
_PHRASES: Mapping[str, str] = MappingProxyType({
    ">=": r"at least|or more|not less|no less|from \S+ on",
    "<=": "at most|or less|not more|inclusive|up to",
    ">": "more than|greater than|larger than|exceeds",
    "<": "less than|smaller than|fewer than",
    "not": r"\bnot\b|without|except",
})  # fmt: skip
_TOKEN = re.compile(r"[A-Za-z_]+|\*\*|//|[<>]=|\d+(?:\.\d+)?|[<>%/]")
_ORDERS = frozenset({"<", "<=", ">", ">="})
_USUAL = ("0", "1", "2")
"""Numbers that stand in every other edit."""
_VERBATIM = re.compile(r"\b(?:None(?! of)|True|False|[A-Z][a-z]+Error)\b")
_SENTENCE = re.compile(r"(?<=[.;!?])\s+|\n+")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w|\.\d)")


@dataclass(frozen=True)
class Wording:
    """What is asked of functions by name ("" for the rest), and the description's numbers.

    ``asked`` are tokens of code.
    """

    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    numbers: tuple[int | float, ...] = ()

    def times(self, function: str, old: str, new: str) -> float:
        """How much likelier the words make it that a text takes the place of another there."""
        asked = self.asked.get(function, self.asked.get("", _NOTHING))
        if not asked:
            return 1.0
        before = set(_TOKEN.findall(old))
        brought = set(_TOKEN.findall(new)) - before
        if before.isdisjoint(_ORDERS):  # "at least" says where a border is, not that there is one
            brought -= _ORDERS
        return 1.0 if asked.isdisjoint(brought) else ASKED


_NOTHING = frozenset[str]()
NO_WORDS = Wording()


def wording(description: str, code: SourceTree) -> Wording:
    """What a description and the docstrings of the code ask for.

    Where sentences of the description name a function, they alone speak of it.  What a function
    holds already it is not asked for.
    """
    trees = (parse(text) for _, text in code.python_files())
    nodes = [tree for tree in trees if tree]
    functions = [n for tree in nodes for n in ast.walk(tree) if isinstance(n, _FUNCTIONS)]
    description = description[:LONGEST]
    sentences = _SENTENCE.split(description)
    whole = _asked(description)
    asked = {"": whole - _held(nodes)}
    for node in functions:
        named = re.compile(rf"\b{re.escape(node.name)}\b")
        own = [s for s in sentences if named.search(s)] if len(functions) > 1 else []
        docstring = ast.get_docstring(node) or ""
        held = _held(node.body[1:] if docstring else node.body)
        words = (_asked(" ".join(own)) if own else whole) | _asked(docstring)
        asked[node.name] = asked.get(node.name, _NOTHING) | (words - held)
    numbers = list(dict.fromkeys(_NUMBER.findall(description)))[:NUMBERS]
    values = tuple(float(n) if "." in n else int(n) for n in numbers if len(n) < DIGITS)
    return Wording(asked, values)


def _held(nodes: Sequence[ast.AST]) -> frozenset[str]:
    return frozenset(token for node in nodes for token in _TOKEN.findall(ast.unparse(node)))


def _asked(text: str) -> frozenset[str]:
    if not text:
        return _NOTHING
    lower = text.lower()
    said = set(re.findall(r"[a-z]+", lower))
    named = {token for token, words in _WORDS.items() if not said.isdisjoint(words.split())}
    named |= {token for token, phrase in _PHRASES.items() if re.search(phrase, lower)}
    numbers = {number for number in _NUMBER.findall(text) if number not in _USUAL}
    return frozenset({*named, *numbers, *_VERBATIM.findall(text)})
