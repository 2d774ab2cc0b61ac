"""Making submitted modules win over preloaded ones of the same name.

A warm interpreter has already imported many modules.  In a fresh one, a
submitted ``queue.py`` would come before the standard library's; so the name
is forgotten here.  What the test tools stand on stays, so that a submitted
``pytest.py`` cannot take their place.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

_STANDS = {
    "pytest", "_pytest", "pluggy", "iniconfig", "hypothesis", "sortedcontainers", "fractal_rmo",
    "mypy", "bandit", "abc", "ast", "codecs", "collections", "contextlib", "dataclasses", "enum",
    "functools", "importlib", "inspect", "io", "json", "linecache", "os", "pathlib", "re",
    "traceback", "types", "typing", "unittest", "warnings", "zipimport", "encodings", "threading",
    "__main__", "signal", "socket", "stat", "posixpath", "genericpath", "keyword", "operator",
    "reprlib", "weakref", "copyreg", "tokenize", "token", "textwrap", "string", "shutil",
    "tempfile", "random", "bisect", "hashlib", "struct", "copy", "datetime", "locale",
}  # fmt: skip


def forget_shadowed_modules(folders: Iterable[str]) -> None:
    """Drop from ``sys.modules`` each preloaded name that one of the ``folders`` brings itself."""
    for name in {entry.stem for folder in folders for entry in Path(folder).iterdir()}:
        if name in _STANDS or name in sys.builtin_module_names:
            continue
        for loaded in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
            del sys.modules[loaded]
