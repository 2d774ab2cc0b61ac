"""The dependency analyzer: who imports whom, what is missing, which versions are asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from fractal_rmo.analysis.items import MAX_FIGURES, MAX_ITEMS, item, worst_first
from fractal_rmo.analysis.modules import Import, Modules, dotted, imports, top_names
from fractal_rmo.analysis.reading import Parsed, parsed_files
from fractal_rmo.analysis.requirements import required_version, requirements
from fractal_rmo.analysis.rings import rings
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Finding, Severity
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree

ROLE = AnalyzerRole.DEPENDENCY
_STDLIB = sys.stdlib_module_names


@dataclass
class Imports:
    """What the files import, as it is found out."""

    modules: Modules
    parsed: dict[str, Parsed]
    graph: dict[str, set[str]] = field(default_factory=dict)
    at_once: dict[str, set[str]] = field(default_factory=dict)
    foreign: dict[str, Finding] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    _bound: dict[str, set[str] | None] = field(default_factory=dict)

    def bound_in(self, path: str) -> set[str] | None:
        """The top names of a file; None if they cannot be told."""
        if path not in self._bound:
            target = self.parsed.get(path)
            self._bound[path] = top_names(target) if target else None
        return self._bound[path]


def analyze(tree: SourceTree, tests: SourceTree) -> AnalysisReport:
    """Report missing and foreign modules and rings; the metrics hold the graph."""
    code, proof = parsed_files(tree), parsed_files(tests)
    found = read_imports(code, Imports(Modules.of(tree), by_path(code)))
    of_tests = read_imports(proof, Imports(Modules.of(tree, tests), by_path([*code, *proof])))
    required = requirements(tree)
    broken = [*found.findings, *of_tests.findings]
    findings = [*broken, *found.foreign.values(), *_rings(found), *_shadows(code)]
    return AnalysisReport(
        ROLE,
        confidence=0.9,
        findings=tuple(worst_first(findings)),
        recommendations=tuple(_unlisted(found, required)),
        action_items=(*_missing(broken), *_foreign(found, required)),
        metrics={
            "graph": {path: list[Json](sorted(targets)) for path, targets in found.graph.items()},
            "third_party": list[Json](sorted(found.foreign)[:MAX_FIGURES]),
            "required": dict[str, Json](required),
            "tests": {p: list[Json](sorted(targets)) for p, targets in of_tests.graph.items()},
            "third_party_of_tests": list[Json](sorted(of_tests.foreign)[:MAX_FIGURES]),
        },
    )


def by_path(files: list[Parsed]) -> dict[str, Parsed]:
    """The files by their path; of two with one path the later."""
    return {file.path: file for file in files}


def read_imports(files: list[Parsed], found: Imports) -> Imports:
    """The imports of the files, sorted into ``found``."""
    for file in files:
        found.graph[file.path], found.at_once[file.path] = set(), set()
        for imported in imports(file.tree):
            _sort(file, imported, found)
    return found


def _sort(file: Parsed, imported: Import, found: Imports) -> None:
    """Put one import where it belongs: an edge, a foreign module, or something missing."""
    if imported.level:
        start = found.modules.relative(imported.level, file.path)
        if start is None:
            _note(file, imported, found, "The import leaves the tree.")
            return
        name = f"{start}.{imported.name}".strip(".")
    else:
        name = imported.name
    root = name.partition(".")[0]
    hit = found.modules.find(name, file.path) if name else None
    if root in _STDLIB and not imported.level and root not in found.modules.paths:
        return
    if hit is None and not imported.level and not found.modules.has_package(root):
        _foreign_module(file, imported, root, found)
        return
    _local(file, imported, name, hit, found)


def _foreign_module(file: Parsed, imported: Import, root: str, found: Imports) -> None:
    message = f"'{root}' is neither in the code nor in the standard library."
    grave = Severity.LOW if imported.optional else Severity.MEDIUM
    new = file.finding(ROLE, imported.node, "third-party", message, grave)
    found.foreign.setdefault(root, new)


def _local(
    file: Parsed, imported: Import, name: str, hit: tuple[str, str] | None, found: Imports
) -> None:
    """Edges to the file that is meant and to the modules that are taken out of a package."""
    complete = hit is not None and not hit[1]
    targets = _inner_modules(name, imported, file.path, found.modules)
    namespace = not imported.names and found.modules.has_package(name)
    if not complete and not targets and not namespace:
        _note(file, imported, found, f"There is no module '{name or '.'}' in the code.")
        return
    if hit is not None and complete and len(targets) < max(len(imported.names), 1):
        targets.add(hit[0])
        _check_names(file, imported, name, hit[0], found)
    found.graph[file.path] |= targets - {file.path}
    if not imported.late and not imported.optional:
        found.at_once[file.path] |= targets - {file.path}


def _inner_modules(name: str, imported: Import, importer: str, modules: Modules) -> set[str]:
    """The files that ``from name import ...`` takes out of a package."""
    hits = [modules.find(f"{name}.{part}".strip("."), importer) for part in imported.names]
    return {hit[0] for hit in hits if hit and not hit[1]}


def _check_names(file: Parsed, imported: Import, name: str, path: str, found: Imports) -> None:
    bound = found.bound_in(path)
    if bound is None or path == file.path:
        return
    for part in imported.names:
        inner = found.modules.find(f"{name}.{part}", file.path)
        is_module = inner is not None and not inner[1]
        if part not in bound and part != "*" and not is_module and not part.startswith("__"):
            _note(file, imported, found, f"'{path}' does not define '{part}'.", "missing-name")


def _note(
    file: Parsed, imported: Import, found: Imports, message: str, rule: str = "missing-module"
) -> None:
    grave = Severity.LOW if imported.optional else Severity.HIGH
    found.findings.append(file.finding(ROLE, imported.node, rule, message, grave))


def _rings(found: Imports) -> Iterator[Finding]:
    for ring in rings(found.at_once):
        first = found.parsed[ring[0]]
        message = f"The files import one another in a ring: {' -> '.join([*ring, ring[0]])}."
        yield first.finding(ROLE, first.tree, "import-cycle", message, Severity.MEDIUM, "graph")


def _shadows(files: list[Parsed]) -> Iterator[Finding]:
    """A file at the top that hides a module of the standard library from everyone."""
    for file in files:
        name = dotted(file.path)
        if name in _STDLIB:
            message = f"This file hides the standard library's '{name}'."
            yield file.finding(ROLE, file.tree, "shadows-stdlib", message, Severity.LOW)


def _missing(broken: list[Finding]) -> Iterator[ActionItem]:
    for found in broken[:MAX_ITEMS]:
        if found.severity is Severity.HIGH:
            place = f"{found.path}:{found.line}"
            yield item(
                "resolve_dependency", Priority.HIGH, ROLE, found.message, place=place,
                missing=found.message,
            )  # fmt: skip


def _foreign(found: Imports, required: dict[str, str]) -> Iterator[ActionItem]:
    for root, finding in sorted(found.foreign.items())[:MAX_ITEMS]:
        version = required_version(root, required) or ""
        yield item(
            "resolve_dependency", Priority.MEDIUM, ROLE, finding.message, module=root,
            version=version,
        )  # fmt: skip


def _unlisted(found: Imports, required: dict[str, str]) -> Iterator[str]:
    """Foreign modules that a tree with a requirements file does not ask for."""
    if not required:
        return
    for root in sorted(found.foreign):
        if required_version(root, required) is None:
            yield f"Add the distribution of '{root}' to the requirements file."
