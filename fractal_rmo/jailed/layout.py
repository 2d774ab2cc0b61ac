"""Where the files of a run lie: code and tests apart, or in one folder as their project has them.

Tests that live inside a package of the code belong to that package: apart
from it, their folder would hide it.  They are put together only where no
file of one side could take the place of one of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

Files = Mapping[str, str]


@dataclass(frozen=True)
class Box:
    """The folders of one run.

    ``path`` is what the run puts before its ``sys.path``, ``among`` the full
    names of test files that lie in the folder of the code.
    """

    code: Path
    tests: Path
    path: Sequence[str] = ()
    among: frozenset[str] = frozenset()

    def code_path(self, filename: str) -> str:
        """A file's path relative to the code; "" for what is not the code's."""
        inside = filename.startswith(f"{self.code}/") and filename not in self.among
        return filename[len(str(self.code)) + 1 :] if inside else ""


def lay_out(root: Path, files: Files) -> Box:
    """Write ``files``, named below ``code/`` and ``tests/``, into ``root``."""
    code, tests = _below("code/", files), _below("tests/", files)
    if not _belong_together(code, tests):
        _write(root / "code", code)
        _write(root / "tests", tests)
        return _box(root / "code", root / "tests", tests, frozenset())
    project = root / "project"
    _write(project, {**tests, **code})
    among = (str(project / path) for path, text in tests.items() if code.get(path, text) == text)
    return _box(project, project, tests, frozenset(among))


def source_root(code: Path) -> Path:
    """``src`` where packages are kept below it, else the folder of the code itself."""
    source = code / "src"
    return source if source.is_dir() and not (source / "__init__.py").exists() else code


def base_of(file: Path) -> Path:
    """The folder from which a file is imported: the first one above that is no package."""
    base = file.parent
    while base.name.isidentifier() and (base / "__init__.py").is_file():
        base = base.parent
    return base


@lru_cache
def module_name(file: Path) -> str:
    """The name under which plain pytest imports a file, as it lay when this was first asked."""
    return ".".join(file.relative_to(base_of(file)).with_suffix("").parts)


def _below(prefix: str, files: Files) -> dict[str, str]:
    return {p.removeprefix(prefix): text for p, text in files.items() if p.startswith(prefix)}


def _write(folder: Path, files: Files) -> None:
    folder.mkdir()
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="")


def _box(code: Path, tests: Path, given: Iterable[str], among: frozenset[str]) -> Box:
    bases = sorted(base_of(tests / path) for path in given if path.endswith(".py"))
    path = dict.fromkeys(map(str, [code, source_root(code), tests, *bases]))
    return Box(code, tests, list(path), among)


def _belong_together(code: Files, tests: Files) -> bool:
    """Whether tests lie inside folders of the code, and nothing stands in the way."""
    own = set() if "__init__.py" in code else {"."}
    shared = (_folders(code) & _folders(tests)) - own
    return bool(shared) and not _is_conflict(code, tests)


def _is_conflict(code: Files, tests: Files) -> bool:
    """Whether one side would take a name of the other, or the code would steer pytest."""
    both = code.keys() & tests.keys()
    differ = any(code[path] != tests[path] and not _is_blank_package(path, tests) for path in both)
    hidden = _folders(code) & _modules(tests) or _folders(tests) & _modules(code)
    steering = any(PurePosixPath(path).name == "conftest.py" for path in code.keys() - both)
    return differ or bool(hidden) or steering


def _is_blank_package(path: str, tests: Files) -> bool:
    return PurePosixPath(path).name == "__init__.py" and not tests[path].strip()


def _folders(files: Files) -> set[str]:
    return {str(folder) for path in files for folder in PurePosixPath(path).parents}


def _modules(files: Files) -> set[str]:
    return {path.removesuffix(".py") for path in files}
