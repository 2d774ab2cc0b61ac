"""hypothesis, as the tests of a run find it: ours, else that of their own environment, else none.

Ours has a compiled part, which fits only interpreters of the same minor version.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path


def load() -> str:
    """Import it, with a profile that repeats itself and keeps nothing; its version or ""."""
    path = list(sys.path)
    try:
        if not _imported():
            _forget()
            sys.path[:] = [entry for entry in path if entry != _home()]
            if not _imported():
                _forget()
                return ""
    finally:
        sys.path[:] = path
    hypothesis = sys.modules["hypothesis"]
    hypothesis.settings.register_profile("jail", database=None, derandomize=True, deadline=None)
    hypothesis.settings.load_profile("jail")
    return str(hypothesis.__version__)


def stop_shrinking() -> None:
    """From here on look for no smaller example, which takes many times as long."""
    if (hypothesis := sys.modules.get("hypothesis")) is None:
        return
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    base = hypothesis.settings.get_profile("jail")
    hypothesis.settings.register_profile(
        "unshrunk", base, phases=phases, report_multiple_bugs=False
    )
    hypothesis.settings.load_profile("unshrunk")


def _imported() -> bool:
    with suppress(ImportError):
        importlib.import_module("hypothesis.strategies")
        return True
    return False


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "hypothesis"]:
        del sys.modules[name]


def _home() -> str:
    """The folder on the path in which it lies."""
    spec = find_spec("hypothesis")
    return str(Path(spec.origin).parent.parent) if spec and spec.origin else ""
