"""Work that grows faster than it needs to: each rule is one shape inside a loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.analysis.loops import Loop, Loops, changed_in, depth, with_loops
from fractal_rmo.analysis.reading import Function, Parsed, Scope, own_nodes
from fractal_rmo.analysis.recursion import calls_itself
from fractal_rmo.domain.finding import AnalyzerRole, Finding, Severity

DEEP = 3
"""Nested loops from this depth on are reported."""
_WHOLE = frozenset({"sorted", "sum", "min", "max", "list", "set", "tuple", "dict", "frozenset"})
"""Built-in functions that walk all of their argument."""
Cost = tuple[str, str]
"""Rule and message."""


class Kinds:
    """Names that a scope binds to lists, and to strings."""

    def __init__(self, scope: Scope) -> None:
        self.lists: set[str] = set()
        self.strings: set[str] = set()
        for node in own_nodes(scope):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = {target.id for target in targets if isinstance(target, ast.Name)}
                self.lists |= names if is_list(node.value) else set()
                self.strings |= names if is_string(node.value) else set()


def is_list(value: ast.expr) -> bool:
    """Whether an expression can be seen to be a list."""
    match value:
        case ast.List() | ast.ListComp():
            return True
        case ast.Call(func=ast.Name(id="list" | "sorted") | ast.Attribute(attr="split")):
            return True
        case ast.BinOp(left=ast.List(), op=ast.Mult() | ast.Add()):
            return True
    return False


def is_string(value: ast.expr) -> bool:
    """Whether an expression can be seen to be a string."""
    match value:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.Call(func=ast.Name(id="str") | ast.Attribute(attr="join")):
            return True
        case ast.BinOp(left=left, op=ast.Add()):
            return is_string(left) or is_string(value.right)
    return False


def costs(role: AnalyzerRole, file: Parsed) -> Iterator[Finding]:
    """Every costly pattern of a file."""
    methods = file.methods()
    for scope in file.scopes():
        kinds = Kinds(scope)
        changed: dict[Loop, set[str]] = {}
        for node, loops in with_loops(scope):
            for rule, message in _costs_at(node, loops, kinds, changed):
                severity = Severity.MEDIUM if rule == "nested-loops" else Severity.LOW
                yield file.finding(role, node, rule, message, severity)
        if isinstance(scope, Function):
            yield from _repeated_recursion(role, file, scope, id(scope) in methods)


def _costs_at(
    node: ast.AST, loops: Loops, kinds: Kinds, changed: dict[Loop, set[str]]
) -> Iterator[Cost]:
    if isinstance(node, Loop):
        yield from _nested(node, loops)
    if not loops:
        return
    yield from _searches(node, kinds)
    yield from _building(node, kinds)
    if isinstance(node, ast.Call):
        innermost = loops[-1]
        if innermost not in changed:
            changed[innermost] = changed_in(innermost)
        yield from _repeated_call(node, changed[innermost])


def _nested(loop: Loop, around: Loops) -> Iterator[Cost]:
    outer, here = depth(around), depth((*around, loop))
    if outer < DEEP <= here:  # once, where the depth is reached
        yield "nested-loops", f"Loops are nested {here} deep."
    elif around and _walked(loop) and _walked(loop) == _walked(around[-1]):
        yield "pairwise-loops", f"Each of '{_walked(loop)}' is compared with all of it."


def _walked(loop: Loop) -> str:
    match loop:
        case ast.For(iter=ast.Name(id=name)):
            return name
        case ast.ListComp(generators=[ast.comprehension(iter=ast.Name(id=name)), *_]):
            return name
    return ""


def _searches(node: ast.AST, kinds: Kinds) -> Iterator[Cost]:
    match node:
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Name(id=name)]):
            if name in kinds.lists:
                message = "A list is searched from its start in each turn of a loop."
                yield "list-membership", message
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="index" | "count" as attr)):
            if name in kinds.lists:
                yield "list-search", f"'{attr}' walks the list in each turn of a loop."
        case ast.Call(func=ast.Attribute(attr="insert"), args=[ast.Constant(value=0), _]):
            yield "insert-at-start", "Inserting at the start of a list moves all of it."
        case ast.Call(func=ast.Attribute(attr="pop"), args=[ast.Constant(value=0)]):
            yield "pop-at-start", "Taking the first of a list moves all of it; a deque does not."


def _building(node: ast.AST, kinds: Kinds) -> Iterator[Cost]:
    match node:
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value):
            if name in kinds.strings or is_string(value):
                yield "string-building", "A string is built piece by piece in a loop."
        case ast.Assign(
            targets=[ast.Name(id=name)], value=ast.BinOp(left=ast.Name(id=left), op=ast.Add())
        ) if name == left:
            if name in kinds.strings:
                yield "string-building", "A string is built piece by piece in a loop."
            elif name in kinds.lists:
                yield "list-building", "The whole list is copied in each turn of a loop."


def _repeated_call(call: ast.Call, changed: set[str]) -> Iterator[Cost]:
    """A call that gives the same in each turn, of a function known to have no effect."""
    match call.func:
        case ast.Name(id=name) if name in _WHOLE:
            pass
        case ast.Attribute(value=ast.Name(id="re"), attr="compile"):
            name = "re.compile"
        case _:
            return
    whole = [*call.args, *(keyword.value for keyword in call.keywords)]
    fixed = all(isinstance(part, ast.Name | ast.Constant) for part in whole)
    names = {part.id for part in whole if isinstance(part, ast.Name)}
    if whole and fixed and not names & changed:
        yield "repeated-call", f"'{name}' gives the same in each turn of the loop."


def _repeated_recursion(
    role: AnalyzerRole, file: Parsed, function: Function, is_method: bool
) -> Iterator[Finding]:
    """``f(n - 1) + f(n - 2)``: the same calls are made again and again, without a cache."""
    if any("cache" in ast.unparse(decorator) for decorator in function.decorator_list):
        return
    for node in own_nodes(function):
        if isinstance(node, ast.BinOp) and all(
            isinstance(side, ast.Call)
            and calls_itself(side, function, is_method)
            and any(_is_less(argument) for argument in side.args)
            for side in (node.left, node.right)
        ):
            message = f"'{function.name}' calls itself twice on smaller numbers without a cache."
            yield file.finding(role, node, "repeated-recursion", message, Severity.MEDIUM)


def _is_less(argument: ast.expr) -> bool:
    match argument:
        case ast.BinOp(left=ast.Name(), op=ast.Sub(), right=ast.Constant()):
            return True
    return False
