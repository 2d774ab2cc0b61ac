"""The backup that is made before the embedded database's tables are changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from fractal_rmo.adapters.backup.save import save
from fractal_rmo.adapters.embedded.paths import StatePaths

_KEPT = 3


def keep_before(url: str, paths: StatePaths, secrets: Mapping[str, Path], revision: str) -> Path:
    """Back up what is at ``revision``; the newest three such files are kept.

    Raises like ``save``: without a backup nothing is migrated.
    """
    paths.backups.mkdir(mode=0o700, exist_ok=True)
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    file = paths.backups / f"before-{moment}-of-{revision}.zip"
    save(url, file, secrets, lambda *_: None)
    for old in sorted(paths.backups.glob("before-*.zip"))[:-_KEPT]:
        old.unlink(missing_ok=True)
    return file
