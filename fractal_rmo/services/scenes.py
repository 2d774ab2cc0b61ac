"""Tests as functions of their literals: what they compute, with other values.

A test of a class tells how its objects are used: made, changed, asked.  With parameters in the
place of its literals (Tillmann and Schulte, "Parameterized Unit Tests", ESEC/FSE 2005) and with
what it asserts as the answer, it is a function that can be called with inputs nobody chose.
Only tests without fixtures are taken; what such a function does is compared, never judged.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.source import called_name, copied, parse
from fractal_rmo.validation.generated.answers import Answer, cut
from fractal_rmo.validation.generated.arguments import Arguments
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.generated.targets import Target

MODULE = "tests_with_other_values"
MOST_SCENES = 10
MOST_LITERALS = 12
SHOWN_CHARS = 240
_FRAMEWORKS = ("pytest", "unittest")
_SEEN = "seen_"
_LITERALS = (ast.List, ast.Dict, ast.Tuple, ast.Set, ast.Constant, ast.UnaryOp)
_NO_VALUES = (ast.JoinedStr, ast.Lambda, ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Scene:
    """A test as a function: ``statements`` before the literals became names, and its target."""

    statements: tuple[ast.stmt, ...]
    target: Target

    def told(self, arguments: Arguments, answers: Sequence[Answer]) -> tuple[str, list[str]]:
        """The test's statements with these values, and in words what each answer says of them.

        Only up to where the first two differ, if each statement gave the value that it should.
        """
        asked = [n for n, each in enumerate(self.statements, 1) if isinstance(each, ast.Expr)]
        seen = [_values(answer) for answer in answers]
        pairs = enumerate(zip(*seen[:2], strict=False))
        first = next((k for k, (one, other) in pairs if one != other), None)
        if first is None or any(len(values) != len(asked) for values in seen[:2]):
            return self._shown(arguments, len(self.statements)), [str(a) for a in answers]
        words = [
            _said(values[first]) if len(values) == len(asked) else str(answer)
            for values, answer in zip(seen, answers, strict=True)
        ]
        return self._shown(arguments, asked[first]), words

    def _shown(self, arguments: Arguments, count: int) -> str:
        reader = _Literals(arguments.args)
        swapped = [reader.visit(copied(statement)) for statement in self.statements[:count]]
        text = "; ".join(" ".join(ast.unparse(s).split()) for s in swapped)
        return text if len(text) <= SHOWN_CHARS else f"…{text[1 - SHOWN_CHARS :]}"


@dataclass(frozen=True)
class Stage:
    """The scenes of all tests, and the module that holds them, to be put beside the code."""

    scenes: tuple[Scene, ...] = ()
    text: str = ""

    def told(self, call: Call, answers: Sequence[Answer]) -> tuple[str, list[str]]:
        """A call as a person would make it, and what each of the answers says in words.

        That of a scene is the test's own statements.
        """
        for scene in self.scenes:
            if scene.target is call.target:
                return scene.told(call.arguments, answers)
        return str(call), [str(answer) for answer in answers]

    def around(self, code: SourceTree) -> SourceTree:
        """The code with the module."""
        return SourceTree({**code.files, f"{MODULE}.py": self.text}) if self.scenes else code


def _values(answer: Answer) -> list[object]:
    """What a scene kept; [] where that is not known."""
    try:
        found = ast.literal_eval(answer.text) if answer.state == "value" else []
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return found if isinstance(found, list) else []


def _said(value: object) -> str:
    """An error is kept as its name."""
    known = getattr(builtins, value, None) if isinstance(value, str) else None
    is_error = isinstance(known, type) and issubclass(known, Exception)
    return f"raises {value}" if is_error else f"gives {cut(repr(value))}"


def staged(tests: SourceTree, called: Collection[str] = (), without: Collection[str] = ()) -> Stage:
    """The scenes of the tests that do more than compare the answer of a function.

    ``called`` are functions that are called with inputs of their own anyway; tests of the names
    ``without`` are left out.
    """
    scenes, parts = list[Scene](), list[ast.stmt]()
    for _, text in tests.python_files():
        module = parse(text)
        if module is None or len(scenes) >= MOST_SCENES:
            continue
        made = _of_module(module, len(scenes), called, without)
        found = list(made)[: MOST_SCENES - len(scenes)]
        scenes += found
        nodes = [*map(_if_it_can, _helpers(module)), *(scene.target.node for scene in found)]
        parts += nodes if found else []
    whole = ast.fix_missing_locations(ast.Module(parts, []))
    return Stage(tuple(scenes), ast.unparse(whole))


def _of_module(
    module: ast.Module, number: int, called: Collection[str], without: Collection[str]
) -> Iterator[Scene]:
    for body in _bodies(module, without):
        if all(_is_plain(statement, called) for statement in body):
            continue
        for observed in _variants([s for statement in body for s in _observed(statement)]):
            reader = _Literals()
            whole = [reader.visit(copied(statement)) for statement in observed]
            if not reader.found or len(reader.found) > MOST_LITERALS:
                continue
            name = f"scene_{number}"
            node = _function(name, whole, len(reader.found))
            given = Arguments(tuple(reader.found))
            target = Target(MODULE, name, f"{MODULE}.py", node, module, (given,))
            yield Scene(tuple(observed), target)
            number += 1


def _variants(statements: Sequence[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """As they are, with each bare call made twice, and without the last bare call but one.

    Objects in other states, as in Danglot et al., "Automatic Test Improvement with DSpot" (EMSE
    2019).
    """
    yield list(statements)
    calls = [s for s in statements if isinstance(s, ast.Expr) and isinstance(s.value, ast.Call)]
    if len(calls) > 1:
        yield [s for s in statements for _ in range(1 + (s in calls))]
        yield [s for s in statements if s is not calls[-2]]


def _bodies(module: ast.Module, without: Collection[str]) -> Iterator[list[ast.stmt]]:
    """The statements of each test without fixtures, those of ``setUp`` before them."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name in without:
            continue
        if isinstance(node, ast.FunctionDef) and _is_test(node, parameters=0):
            yield node.body
        if isinstance(node, ast.ClassDef):
            functions = [m for m in node.body if isinstance(m, ast.FunctionDef)]
            methods = [m for m in functions if m.name not in without]
            named = {m.name: m for m in methods}
            first = named["setUp"].body if "setUp" in named else []
            yield from ([*first, *m.body] for m in methods if _is_test(m, parameters=1))


def _is_test(node: ast.FunctionDef, parameters: int) -> bool:
    given = node.args
    plain = not (given.kwonlyargs or given.vararg or given.kwarg or node.decorator_list)
    return node.name.startswith("test") and len(given.args) == parameters and plain


def _is_plain(statement: ast.stmt, called: Collection[str]) -> bool:
    """Whether a statement only compares the answer of a function that is called anyway."""
    if not isinstance(statement, ast.Assert) or not isinstance(statement.test, ast.Compare):
        return False
    left = statement.test.left
    if not isinstance(left, ast.Call) or not isinstance(left.func, ast.Name):
        return False
    return left.func.id in called


def _helpers(module: ast.Module) -> Iterator[ast.stmt]:
    """What the tests of a file may use: imports, functions and values, but no framework."""
    for node in module.body:
        if isinstance(node, ast.Import):
            names = [a for a in node.names if a.name.partition(".")[0] not in _FRAMEWORKS]
            if names:
                yield ast.Import(names)
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").partition(".")[0] not in _FRAMEWORKS:
                yield node
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("test"):
            if not node.decorator_list:
                yield node
        elif isinstance(node, ast.Assign) or (isinstance(node, ast.ClassDef) and not node.bases):
            yield node


def _if_it_can(helper: ast.stmt) -> ast.stmt:
    """What cannot be had here is missed by some scenes, and by nothing else."""
    nothing = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [ast.Pass()])
    return ast.Try([helper], [nothing], [], [])


def _observed(statement: ast.stmt) -> Iterator[ast.stmt]:
    """A statement as it is, an assertion as the value that it is about."""
    match statement:
        case ast.Assert(test=ast.Compare(left=left, comparators=[right])):
            yield ast.Expr(left if _literal(left) is None else right)
        case ast.Assert(test=test):
            yield ast.Expr(test)
        case ast.Expr(value=ast.Call(args=args) as call) if _is_assertion(call):
            if called_name(call).startswith("assertRaises"):
                if len(args) > 1:
                    yield ast.Expr(ast.Call(args[1], args[2:], call.keywords))
            elif args:
                yield ast.Expr(next((a for a in args if _literal(a) is None), args[0]))
        case ast.With(items=[ast.withitem(context_expr=ast.Call() as call)], body=body) if (
            called_name(call) in {"raises", "assertRaises", "assertRaisesRegex"}
        ):
            yield from body
        case ast.Return() | ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return
        case _:
            yield statement


def _is_assertion(call: ast.Call) -> bool:
    func = call.func
    is_own = isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name)
    return is_own and called_name(call).startswith("assert")


def _function(name: str, body: Sequence[ast.AST], count: int) -> ast.FunctionDef:
    """Each value is kept, and an error beside it: what follows is still asked."""
    parameters = [ast.arg(_parameter(n)) for n in range(count)]
    given = ast.arguments([], parameters, None, [], [], None, [])
    first = f"class self: pass\n{_SEEN} = []"
    steps = [step for statement in body for step in _kept(statement)]
    whole = [*ast.parse(first).body, *steps, *ast.parse(f"return {_SEEN}").body]
    return ast.FunctionDef(name, given, whole, [], None)


def _kept(statement: ast.AST) -> list[ast.stmt]:
    lines = ast.unparse(statement).splitlines()
    if isinstance(statement, ast.Expr):
        lines = [f"{_SEEN}.append(", *lines, ")"]
    body = "\n".join(f"    {line}" for line in lines)
    caught = f"except Exception as error_:\n    {_SEEN}.append(type(error_).__name__)"
    return ast.parse(f"try:\n{body}\n{caught}").body


def _parameter(number: int) -> str:
    return f"value_{number}"


class _Literals(ast.NodeTransformer):
    """Puts names, or given values, in the place of the literals that are handed to something."""

    def __init__(self, values: Sequence[object] = ()) -> None:
        self.values = values
        self.found: list[object] = []

    def visit(self, node: ast.AST) -> Any:
        """A literal is replaced whole."""
        value = _literal(node)
        if value is None or isinstance(node, _NO_VALUES):
            return node if isinstance(node, _NO_VALUES) else self.generic_visit(node)
        number = len(self.found)
        self.found.append(value)
        if self.values:
            return ast.parse(repr(self.values[number]), mode="eval").body
        return ast.Name(_parameter(number), ast.Load())


def _literal(node: ast.AST) -> object:
    """Its value; None for what is none, and for what has no other of its kind."""
    if not isinstance(node, _LITERALS):
        return None
    try:
        value: object = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    return None if isinstance(value, bool) or value is ... else value
