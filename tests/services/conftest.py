from __future__ import annotations

from collections.abc import Iterator

import pytest

from fractal_rmo.bootstrap.jails import make_sandbox
from fractal_rmo.ports.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The jails of a module's tests."""
    jails = make_sandbox()
    yield jails
    jails.close()
