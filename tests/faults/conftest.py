"""One cluster that is hurt again and again; each test leaves it at rest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.rig import ROLES, Rig


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The cluster, with a second executor that can take over from the first."""
    with Rig(tmp_path_factory.mktemp("rig"), (*ROLES, "executor_b", "beat")) as rig:
        yield rig


@pytest.fixture
def rig(standing: Rig) -> Iterator[Rig]:
    """The cluster; afterwards every rule of the tables must hold, whatever the test did."""
    yield standing
    assert standing.digested(120) == {}
