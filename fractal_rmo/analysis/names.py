"""Names that nothing binds, and names that nothing reads."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from collections.abc import Iterator

from fractal_rmo.analysis.reading import Function, Parsed, own_nodes
from fractal_rmo.domain.finding import AnalyzerRole, Finding, Severity

_GIVEN = frozenset(dir(builtins)) | {
    "__file__", "__name__", "__path__", "__builtins__", "__annotations__", "__class__",
    "__module__", "__qualname__", "__debug__", "WindowsError",
}  # fmt: skip
_WORD = re.compile(r"\w+")
_SEES_LOCALS = frozenset({"locals", "vars", "exec", "eval"})


def undefined(role: AnalyzerRole, file: Parsed) -> Iterator[Finding]:
    """Names that no scope binds, at their first use."""
    missing = _unbound(file.text)
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in missing:
            missing.discard(node.id)
            message = f"Nothing binds the name '{node.id}'."
            yield file.finding(role, node, "undefined-name", message, Severity.HIGH, "symtable")


def _unbound(text: str) -> set[str]:
    """Global names that are read and that neither the module nor Python binds."""
    try:
        top = symtable.symtable(text, "code.py", "exec")
    except (SyntaxError, RecursionError, ValueError, MemoryError):
        return set()
    bound, read = set(_GIVEN), set()
    for table in _tables(top):
        for symbol in table.get_symbols():
            # symtable takes a function named 'top' for the module in Python 3.11
            outside = table is top or (symbol.is_global() and not symbol.is_local())
            if outside and (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()):
                bound.add(symbol.get_name())
            if outside and symbol.is_referenced():
                read.add(symbol.get_name())
    return read - bound


def _tables(top: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    waiting = [top]
    while waiting:
        table = waiting.pop()
        yield table
        waiting.extend(table.get_children())


def has_star_import(module: ast.Module) -> bool:
    """Whether names come in that the file does not show."""
    return any(
        isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
        for node in ast.walk(module)
    )


def unused_variables(role: AnalyzerRole, file: Parsed, function: Function) -> Iterator[Finding]:
    """Names that a function assigns by themselves and that nothing in it reads.

    Loop variables and unpacked tuples are left out: there a name is often only
    a place-holder.
    """
    used = _used_names(function)
    if used & _SEES_LOCALS:
        return
    reported = set()
    for node in own_nodes(function):
        for name in _assigned(node):
            if name not in used and name not in reported and not name.startswith("_"):
                reported.add(name)
                message = f"'{name}' is assigned in '{function.name}' and never read."
                yield file.finding(role, node, "unused-variable", message)


def _used_names(function: Function) -> set[str]:
    used: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name, ctx=ast.Load() | ast.Del()):
                used.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                used.update(names)
    return used


def _assigned(node: ast.AST) -> list[str]:
    match node:
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return [name]
        case ast.AugAssign(target=ast.Name(id=name)) | ast.NamedExpr(target=ast.Name(id=name)):
            return [name]
        case ast.ExceptHandler(name=str() as name):
            return [name]
    return []


def unused_imports(role: AnalyzerRole, file: Parsed) -> Iterator[Finding]:
    """Names imported at the top of a module that nothing in it reads."""
    if file.path.endswith("__init__.py"):  # there, importing is exporting
        return
    used = {node.id for node in ast.walk(file.tree) if isinstance(node, ast.Name)}
    used |= _quoted_words(file.tree)
    for node in file.tree.body:
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            name = alias.asname or alias.name.partition(".")[0]
            future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
            exported = future or name == "*" or alias.asname == alias.name
            if name not in used and not exported:
                message = f"'{name}' is imported and never used."
                yield file.finding(role, node, "unused-import", message)


def _quoted_words(module: ast.Module) -> set[str]:
    """``__all__`` and annotations in quotes name what they use as text."""
    return {
        word
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in _WORD.findall(node.value[:200])
    }
