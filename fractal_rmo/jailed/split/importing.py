"""Imports of the code's modules, answered with stand-ins."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from fractal_rmo.jailed.split.mirror import Mirror
from fractal_rmo.jailed.split.objects import StandinLoader


class StandinFinder(StandinLoader, MetaPathFinder, Loader):
    """Finds every module below the code's top-level names in the other jail."""

    def __init__(self, mirror: Mirror, names: Iterable[str]) -> None:
        self._mirror, self._names = mirror, frozenset(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for what is the code's; None for everything else."""
        del path, target
        if fullname.partition(".")[0] not in self._names:
            return None
        return ModuleSpec(fullname, self)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The stand-in; raises what importing it raises there."""
        return self._mirror.module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """It has been executed, there."""


def top_level_names(paths: Iterable[str]) -> set[str]:
    """The top-level modules of code files; those below a ``src`` that is no package as well."""
    found = set()
    known = list(paths)
    for path in known:
        parts = path.split("/")
        if parts[0] == "src" and len(parts) > 1 and "src/__init__.py" not in known:
            parts = parts[1:]
        found.add(parts[0].removesuffix(".py"))
    return found


def install(mirror: Mirror, names: Iterable[str]) -> None:
    """Let the code's names be found in the other jail, before anything here."""
    names = set(names)
    for loaded in [m for m in sys.modules if m.partition(".")[0] in names]:
        del sys.modules[loaded]
    sys.meta_path.insert(0, StandinFinder(mirror, names))
