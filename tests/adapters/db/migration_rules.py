"""The rule for migrations: first expand, in a later release contract.

An expanding migration leaves all that older code uses as it is: it adds
tables, columns with a default or without a value, and indexes.  A migration
that takes something away names itself so: its file is ``NNNN_contract_….py``,
and it says by

* ``contracts = "NNNN"`` which earlier migration brought what replaces it,
* ``unused_since = "1.2.0"`` the first release that no longer uses it, which
  must be out already,
* a row in ``schema_contracts``, so that older code refuses the tables.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_ADDS = {"create_table", "create_index", "add_column", "execute", "f"}
_TAKES = re.compile(
    r"\b(drop|rename|(?<!or )truncate|delete\s+from|set\s+not\s+null"
    r"|add\s+(constraint|check|unique)"
    r"|alter\s+column\s+\S+\s+(set\s+data\s+)?type)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(\d{4})_(contract_)?[a-z0-9_]+\.py")


def faults(path: Path, version: str) -> list[str]:
    """What is against the rule in a migration, one sentence each; ``version`` is this release."""
    tree = ast.parse(path.read_text())
    said = _constants(tree)
    named = _NAME.fullmatch(path.name)
    if not named or said.get("revision") != named[1]:
        return [f"{path.name}: the name must begin with the revision, of four digits"]
    if not isinstance(said.get("down_revision"), str | None) or (
        str(said.get("down_revision") or "") >= named[1]
    ):
        return [f"{path.name}: it must come after its down_revision"]
    defined = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    upgrade = ast.Module([node for node in defined if node.name != "downgrade"], [])
    if named[2]:
        return [f"{path.name}: {fault}" for fault in _contract_faults(upgrade, said, version)]
    return [f"{path.name}: {fault}" for fault in _expand_faults(upgrade)]


def _constants(tree: ast.Module) -> dict[str, object]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _contract_faults(upgrade: ast.Module, said: dict[str, object], version: str) -> Iterator[str]:
    earlier, since = said.get("contracts"), said.get("unused_since")
    if not isinstance(earlier, str) or earlier >= str(said["revision"]):
        yield "'contracts' must name the earlier migration whose other half this is"
    if not isinstance(since, str) or _numbers(since) >= _numbers(version):
        yield f"'unused_since' must name a release before {version}"
    if "INSERT INTO schema_contracts" not in ast.unparse(upgrade):
        yield "it must insert its revision into schema_contracts"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _expand_faults(upgrade: ast.Module) -> Iterator[str]:
    for node in ast.walk(upgrade):
        if isinstance(node, ast.Name) and node.id == "op":
            continue
        if isinstance(node, ast.Call) and _is_of_op(node.func):
            yield from _call_faults(node)


def _is_of_op(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "op"
    )


def _call_faults(call: ast.Call) -> Iterator[str]:
    assert isinstance(call.func, ast.Attribute)
    name = call.func.attr
    if name not in _ADDS:
        yield f"op.{name} is not for an expanding migration"
    if name == "execute":
        yield from _sql_faults(call)
    if name == "add_column":
        yield from _column_faults(call)


def _sql_faults(call: ast.Call) -> Iterator[str]:
    (statement,) = call.args
    if not isinstance(statement, ast.Constant) or not isinstance(statement.value, str):
        yield "op.execute takes a literal, so that it can be read"
    elif taken := _TAKES.search(statement.value):
        yield f"'{taken[0]}' is not for an expanding migration"


def _column_faults(call: ast.Call) -> Iterator[str]:
    """Older code does not write the column."""
    given = {word.arg: word.value for node in ast.walk(call) if isinstance(node, ast.Call)
             for word in node.keywords}  # fmt: skip
    nullable = given.get("nullable")
    required = isinstance(nullable, ast.Constant) and nullable.value is False
    if required and "server_default" not in given:
        yield "a column that must have a value needs a server_default"
    if {"unique", "primary_key"} & given.keys():
        yield "a column of an existing table cannot be unique for code that does not know it"
