"""The dependency analyzer: who imports whom, what is missing, which versions are asked for."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from fractal_rmo.analysis.items import item
from fractal_rmo.analysis.reading import Parsed, parsed_files
from fractal_rmo.domain.action import Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Finding, Severity
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree

ROLE = AnalyzerRole.DEPENDENCY
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*([=<>!~][^#;]*)?")


def analyze(tree: SourceTree, _tests: SourceTree) -> AnalysisReport:
    """Report cycles and foreign modules; the metrics hold the graph."""
    files = parsed_files(tree)
    local = {_module(path): path for path, _ in tree.python_files()}
    graph: dict[str, set[str]] = {file.path: set() for file in files}
    foreign: dict[str, Finding] = {}
    for file in files:
        for node, name in imports(file.tree):
            if (target := _resolve(name, local)) is not None:
                graph[file.path].add(target)
            elif (root := name.partition(".")[0]) and root not in sys.stdlib_module_names:
                message = f"'{root}' is neither in the code nor in the standard library."
                found = file.finding(ROLE, node, "third-party", message, Severity.MEDIUM)
                foreign.setdefault(root, found)
    versions = requirements(tree)
    items = [
        item("resolve_dependency", Priority.MEDIUM, ROLE, f.message, module=root,
             version=versions.get(root.lower(), ""))
        for root, f in sorted(foreign.items())
    ]  # fmt: skip
    return AnalysisReport(
        ROLE,
        confidence=0.9,
        findings=(*foreign.values(), *_cycles(files, graph)),
        action_items=tuple(items),
        metrics={
            "graph": {path: list[Json](sorted(targets)) for path, targets in graph.items()},
            "third_party": list[Json](sorted(foreign)),
            "required": dict[str, Json](versions),
        },
    )


def imports(module: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """(statement, dotted name) of every import; relative ones lose their dots."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if base:
                yield node, base
            for alias in node.names if node.level and not base else ():
                yield node, alias.name


def requirements(tree: SourceTree) -> dict[str, str]:
    """Versions by lower-case name out of a requirements.txt in the tree."""
    text = tree.files.get("requirements.txt", "")
    found = (_REQUIREMENT.match(line) for line in text.splitlines())
    return {match[1].lower(): (match[2] or "").strip() for match in found if match}


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _resolve(name: str, local: Mapping[str, str]) -> str | None:
    """The file of the longest part of a dotted name that is in the tree."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if path := local.get(".".join(parts[:length])):
            return path
    inside = [path for module, path in local.items() if module.endswith(f".{name}")]
    return min(inside, default=None)


def _cycles(files: list[Parsed], graph: Mapping[str, set[str]]) -> Iterator[Finding]:
    try:
        TopologicalSorter({p: t - {p} for p, t in graph.items()}).prepare()
    except CycleError as error:
        ring = list(error.args[1])
        first = min((file for file in files if file.path in ring), key=lambda file: file.path)
        message = f"The files import one another in a ring: {' -> '.join(ring)}."
        yield first.finding(ROLE, first.tree, "import-cycle", message, Severity.MEDIUM, "graphlib")
