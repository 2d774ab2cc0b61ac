"""Whether the quick runner does to a test file exactly what pytest would do."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from fractal_rmo.jailed.programs.quick_fixtures import OFFERED
from fractal_rmo.jailed.programs.quick_surroundings import AT_TOP, IN_CASE, IN_CLASS
from fractal_rmo.jailed.programs.star_imports import at_top, brought, stored

_FAITHFUL = {"raises", "approx"}
"""What of pytest works outside its session."""
_PARAMETRIZE, _FIXTURE = "pytest.mark.parametrize", "pytest.fixture"
_FIXTURE_NAMES = {
    *AT_TOP, *IN_CASE, *IN_CLASS, "pytest_plugins", "pytestmark", "__test__", "load_tests",
}  # fmt: skip
_FOREIGN = {"_pytest", "hypothesis"}
_LARGE = {"asyncio", "concurrent", "logging", "mock"}
"""Modules that only the runtime with pytest has in memory."""


def is_supported(path: str, file: Path, with_pytest: bool, folders: Sequence[str] = ()) -> bool:
    """Judge by the text alone; a file that does not parse is left to pytest.

    ``folders`` are those from which the tests import the code.
    """
    if path.rpartition("/")[2] in ("conftest.py", "pytest.py"):
        return False
    try:
        tree = ast.parse(file.read_text(encoding="utf-8-sig"))
        names = brought(tree, folders)
        return names is not None and _Reader(tree, with_pytest, names).is_plain()
    except (SyntaxError, ValueError, RecursionError, OSError):
        return False


def parameter_names(names: object) -> list[str]:
    """The parameters that one ``parametrize`` names, as pytest splits them."""
    if isinstance(names, str):
        return [name.strip() for name in names.split(",") if name.strip()]
    return [str(name) for name in names] if isinstance(names, list | tuple) else []


class _Reader:
    """Walks one test file; what it does not know to be plain is not."""

    def __init__(self, tree: ast.Module, with_pytest: bool, brought_in: Collection[str]) -> None:
        self._tree, self._with_pytest, self._brought_in = tree, with_pytest, brought_in
        self._filled = set(_filled_lists(tree))
        offered = (
            OFFERED.keys() - set(stored(tree)) - set(brought_in) if with_pytest else set[str]()
        )
        self._fixtures = dict(_fixtures(tree, offered))
        self._offered = offered
        self._setups = {id(node) for node in _setups(tree)}
        self._known = {id(part) for node in ast.walk(tree) for part in self._parametrized(node)}
        for fixture in self._fixtures.values():
            self._known |= {id(part) for d in fixture.decorator_list for part in ast.walk(d)}

    def is_plain(self) -> bool:
        """Whether nothing in the file needs pytest's session."""
        own = {"pytest", *_FIXTURE_NAMES, *self._filled, *self._fixtures}
        hidden = any(name in own or name.lower().startswith("test") for name in self._brought_in)
        return not hidden and all(self._is_plain(node) for node in ast.walk(self._tree))

    def _parametrized(self, node: ast.AST) -> Iterator[ast.AST]:
        """Mentions of pytest that belong to a faithful ``parametrize`` or ``param``."""
        match node:
            case ast.FunctionDef(decorator_list=decorators):
                for call in decorators:
                    if self._is_faithful(call) and isinstance(call, ast.Call):
                        yield from ast.walk(call.func)
            case ast.Call(func=func, keywords=keywords):
                if ast.unparse(func) == "pytest.param" and {k.arg for k in keywords} <= {"id"}:
                    yield func

    def _is_plain(self, node: ast.AST) -> bool:
        match node:
            case ast.Import(names=names):
                return all(self._is_plain_module(n.name, n.asname) for n in names)
            case ast.ImportFrom(module=module, names=names):
                return self._is_plain_import(module or "", {n.name for n in names})
            case ast.Attribute(value=ast.Name(id="pytest"), attr=attr):
                return attr in _FAITHFUL or id(node) in self._known
            case ast.Attribute(value=ast.Name(id="capsys"), attr="disabled"):
                return False
            case ast.AsyncFunctionDef(name=name):
                return name not in _FIXTURE_NAMES and not name.startswith("test")
            case ast.FunctionDef(name=name) if name in _FIXTURE_NAMES:
                return id(node) in self._setups
            case ast.FunctionDef(name=name):
                return not name.startswith("test") or self._is_plain_test(node)
            case ast.ClassDef():
                return _is_plain_class(node)
            case ast.Assign(targets=targets):
                return not any(isinstance(t, ast.Name) and t.id in _FIXTURE_NAMES for t in targets)
            case _:
                return True

    def _is_plain_module(self, name: str, alias: str | None) -> bool:
        root = name.partition(".")[0]
        if root == "pytest":  # under another name its uses would go unseen
            return self._with_pytest and alias in (None, "pytest")
        return root not in _FOREIGN and self._is_at_hand(name.split("."))

    def _is_plain_import(self, module: str, names: set[str]) -> bool:
        root = module.partition(".")[0]
        if root in _FOREIGN or not self._is_at_hand([*module.split("."), *names]):
            return False
        return root != "pytest" or (self._with_pytest and names <= _FAITHFUL)

    def _is_at_hand(self, names: Sequence[str]) -> bool:
        return self._with_pytest or _LARGE.isdisjoint(names)

    def _is_plain_test(self, node: ast.FunctionDef) -> bool:
        """No decorator but ``parametrize``; its parameters are what that names, and fixtures."""
        a = node.args
        names = [arg.arg for arg in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
        given = [n for d in node.decorator_list for n in _given(d)]
        odd = a.vararg or a.kwarg or (given and (a.defaults or a.posonlyargs or a.kw_defaults))
        yields = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(node))
        wanted = names[1:] if names[:1] == ["self"] else names
        made = [name for name in wanted if name in self._fixtures or name in self._offered]
        matched = sorted([*given, *made]) == sorted(wanted) and len(set(given)) == len(given)
        faithful = all(self._is_faithful(d) for d in node.decorator_list)
        return faithful and matched and not odd and not yields

    def _is_faithful(self, node: ast.expr) -> bool:
        """A ``parametrize`` of literal names over a list that is not empty."""
        match node:
            case ast.Call(func=func, args=[_, values], keywords=keywords):
                plain = all(k.arg == "ids" for k in keywords) and bool(_given(node))
                return ast.unparse(func) == _PARAMETRIZE and plain and self._is_filled(values)
            case _:
                return False

    def _is_filled(self, values: ast.expr) -> bool:
        return _is_display(values) or (isinstance(values, ast.Name) and values.id in self._filled)


def _given(decorator: ast.expr) -> list[str]:
    """The names that a ``parametrize`` decorator gives; none when they are computed."""
    if not isinstance(decorator, ast.Call) or not decorator.args:
        return []
    try:
        return parameter_names(ast.literal_eval(decorator.args[0]))
    except ValueError:
        return []


def _fixtures(tree: ast.Module, offered: Collection[str]) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Fixtures at the top, made of no fixtures but earlier ones and those that are offered."""
    inside = (n for top in tree.body for n in ast.walk(top) if n is not top)
    others = [n.name for n in inside if isinstance(n, ast.FunctionDef)]
    counts = Counter([*at_top(tree), *others])  # a variable of a function hides no fixture
    found = set(offered)
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or not _is_fixture(node):
            continue
        a = node.args
        plain = not (a.posonlyargs or a.kwonlyargs or a.vararg or a.kwarg or a.defaults)
        known = {arg.arg for arg in a.args} <= found
        odd = node.name in _FIXTURE_NAMES or node.name.startswith("test") or counts[node.name] > 1
        if plain and known and not odd:
            found.add(node.name)
            yield node.name, node


def _is_fixture(node: ast.FunctionDef) -> bool:
    return [ast.unparse(d) for d in node.decorator_list] in ([_FIXTURE], [f"{_FIXTURE}()"])


def _is_display(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.Tuple) and any(
        not isinstance(item, ast.Starred) for item in node.elts
    )


def _filled_lists(tree: ast.Module) -> Iterator[str]:
    """Names that the file assigns once, at its top, and to a list that is not empty."""
    counts = Counter(stored(tree))
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if _is_display(value) and counts[name] == 1:
                    yield name


def _setups(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Setups and their ends where ``quick_surroundings`` looks for them, each there once."""
    yield from _once(tree.body, AT_TOP, ("",))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _is_case(node):
            yield from _once(node.body, IN_CASE, ("classmethod",))
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _once(node.body, IN_CLASS, ("", "classmethod", "staticmethod"))


def _once(
    body: Sequence[ast.stmt], names: Collection[str], decorators: Collection[str]
) -> Iterator[ast.FunctionDef]:
    counts = Counter(name for node in body for name in stored(node))
    for node in body:
        match node:
            case ast.FunctionDef(name=name, decorator_list=marks) if name in names:
                spelled = ", ".join(ast.unparse(mark) for mark in marks)
                if counts[name] == 1 and spelled in decorators:
                    yield node


def _is_case(node: ast.ClassDef) -> bool:
    return any("TestCase" in ast.unparse(base) for base in node.bases)


def _is_plain_class(node: ast.ClassDef) -> bool:
    """A test class without decorators or bases, or a plain ``TestCase``."""
    bases = [ast.unparse(base) for base in node.bases]
    is_case = _is_case(node)
    if not node.name.startswith("Test") and not is_case:
        return True
    own_setup = any(isinstance(n, ast.FunctionDef) and n.name == "__init__" for n in node.body)
    nested = any(isinstance(n, ast.ClassDef) for n in node.body)
    known = not bases or bases in (["unittest.TestCase"], ["TestCase"])
    plain = known and not own_setup and not nested and not node.decorator_list
    return plain and not _marks(node, is_case)


def _marks(node: ast.ClassDef, is_case: bool) -> bool:
    """Whether a ``TestCase`` has decorated tests: pytest does not parametrize those."""
    tests = (n for n in node.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test"))
    return is_case and any(test.decorator_list for test in tests)
