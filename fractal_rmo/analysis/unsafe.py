"""Unsafe patterns that bandit has no rule for, as shapes of the syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from fractal_rmo.analysis.reading import Parsed
from fractal_rmo.domain.finding import AnalyzerRole, Finding, Severity

_KEYS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
)
"""Key material by its published prefixes: PEM, AWS, GitHub, Slack."""
_NESTED = re.compile(r"\([^()]*[+*][^()]*\)[+*]")
_INSIDES = frozenset(
    {"__subclasses__", "__globals__", "__code__", "__builtins__", "__mro__", "__bases__"}
)
_REGEX = frozenset({"compile", "match", "search", "fullmatch", "sub", "findall", "finditer"})
_SECRETS = frozenset({"digest", "hexdigest", "signature", "hmac", "mac", "csrf_token"})
_MAX_LITERAL = 10_000
Pattern = tuple[str, str, Severity]
"""Rule, message, severity."""


def unsafe(role: AnalyzerRole, file: Parsed) -> Iterator[Finding]:
    """Every unsafe pattern of a file."""
    for node in ast.walk(file.tree):
        for rule, message, severity in _patterns(node):
            yield file.finding(role, node, rule, message, severity)


def _patterns(node: ast.AST) -> Iterator[Pattern]:
    match node:
        case ast.Constant(value=str() as text) if _KEYS.search(text[:_MAX_LITERAL]):
            yield "key-material", "A key stands in the source text.", Severity.HIGH
        case ast.Attribute(attr=name) if name in _INSIDES:
            message = f"'{name}' reaches into the interpreter, past any restriction."
            yield "interpreter-internals", message, Severity.MEDIUM
        case ast.Compare(ops=[ast.Eq() | ast.NotEq()]):
            yield from _timing(node)
        case ast.Call():
            yield from _calls(node)


def _timing(node: ast.Compare) -> Iterator[Pattern]:
    sides = [node.left, *node.comparators]
    if not any(isinstance(side, ast.Constant) for side in sides) and any(
        _last_name(side) in _SECRETS for side in sides
    ):
        message = (
            "Comparing a secret by '==' tells its length of match by time; use hmac.compare_digest."
        )
        yield "timing-attack", message, Severity.MEDIUM


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Attribute(attr=name):
            return name
        case ast.Name(id=name):
            return name
    return ""


def _calls(call: ast.Call) -> Iterator[Pattern]:
    match call:
        case ast.Call(
            func=ast.Name(id="__import__")
            | ast.Attribute(value=ast.Name(id="importlib"), attr="import_module"),
            args=[first, *_],
        ) if not isinstance(first, ast.Constant):
            yield "dynamic-import", "The module to load is chosen at run time.", Severity.MEDIUM
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="re"), attr=name),
            args=[ast.Constant(value=str() as pattern), *_],
        ) if name in _REGEX and _NESTED.search(pattern[:_MAX_LITERAL]):
            message = (
                "A repetition inside a repetition can take exponential time on a hostile text."
            )
            yield "nested-quantifier", message, Severity.MEDIUM
        case ast.Call(func=ast.Attribute(value=ast.Name(id="jwt"), attr="decode")):
            if any(_switches_off(keyword) for keyword in call.keywords):
                yield "unverified-token", "The token's signature is not checked.", Severity.HIGH


def _switches_off(keyword: ast.keyword) -> bool:
    match keyword:
        case ast.keyword(arg="verify", value=ast.Constant(value=False)):
            return True
        case ast.keyword(arg="options", value=ast.Dict(keys=keys, values=values)):
            return any(
                isinstance(key, ast.Constant)
                and key.value == "verify_signature"
                and isinstance(value, ast.Constant)
                and value.value is False
                for key, value in zip(keys, values, strict=True)
            )
    return False
