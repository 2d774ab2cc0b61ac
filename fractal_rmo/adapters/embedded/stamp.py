"""Which versions wrote the data folder, so that no other one opens it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from fractal_rmo.adapters.embedded.paths import STAMP, StatePaths
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError

#: Raised when the layout below the data folder changes.
FORMAT = 1


def stamp_path(paths: StatePaths) -> Path:
    """Return the stamp's file."""
    return paths.data / STAMP


def check_or_write(paths: StatePaths, postgres_major: int) -> None:
    """Compare the data folder's stamp with this version; stamp a folder that has none.

    Raises ``InfrastructureError`` (DATA_VERSION) naming both versions.
    """
    wanted = {"format": FORMAT, "postgres": postgres_major}
    found = _read(stamp_path(paths))
    if found is None:
        stamp_path(paths).write_text(json.dumps(wanted) + "\n")
    elif found != wanted:
        raise InfrastructureError(
            ErrorCode.DATA_VERSION,
            f"The data in {paths.data} was written by {_words(found)}; "
            f"this version needs {_words(wanted)}.",
        )


def _read(path: Path) -> dict[str, object] | None:
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _words(stamp: Mapping[str, object]) -> str:
    return f"format {stamp.get('format', '?')} with PostgreSQL {stamp.get('postgres', '?')}"


def require_space(folder: Path, needed_bytes: int) -> None:
    """Raise ``InfrastructureError`` (NO_SPACE) unless this many bytes are free at ``folder``."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise InfrastructureError(
            ErrorCode.NO_SPACE,
            f"{folder} has {free // 1_000_000} MB free; {needed_bytes // 1_000_000} MB are needed.",
        )
