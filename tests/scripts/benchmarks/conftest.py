from __future__ import annotations

from collections.abc import Iterator

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.run import Runner


@pytest.fixture(scope="module")
def run() -> Iterator[Runner]:
    sandbox = ZygoteSandbox()
    with sandbox.session() as runner:
        yield runner
    sandbox.close()
