"""A state folder of its own for each test, with nothing left running afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fractal_rmo.adapters.embedded import servers
from fractal_rmo.adapters.embedded.paths import StatePaths


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[StatePaths]:
    state = StatePaths(tmp_path / "state")
    yield state
    servers.purge(state)


@pytest.fixture
def started(paths: StatePaths) -> StatePaths:
    servers.ensure_running(paths)
    return paths
