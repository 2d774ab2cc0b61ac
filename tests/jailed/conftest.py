"""One thin and one thick session, shared by the tests of the programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunEnding, Runner, RunRequest, Runtime

Program: TypeAlias = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session", name="run")
def make_run() -> Iterator[Runner]:
    sandbox = ZygoteSandbox()
    with sandbox.session() as session:
        yield session
    sandbox.close()


@pytest.fixture
def unit_tests(run: Runner) -> Program:
    """Run test files against code files; the value of the completed run."""

    def call(
        runtime: Runtime, tests: Mapping[str, str], code: Mapping[str, str], **options: Json
    ) -> dict[str, Any]:
        files = {f"tests/{path}": text for path, text in tests.items()}
        files |= {f"code/{path}": text for path, text in code.items()}
        payload: dict[str, Json] = {"tests": list(tests), "code": list(code), **options}
        result = run(RunRequest(runtime, "unit_tests", files, payload))
        assert result.ending is RunEnding.COMPLETED, result
        assert isinstance(result.value, dict)
        return result.value

    return call


@pytest.fixture
def static(run: Runner) -> Program:
    """Check code files; the value of the completed run."""

    def call(code: Mapping[str, str]) -> dict[str, Any]:
        files = {f"code/{path}": text for path, text in code.items()}
        result = run(RunRequest(Runtime.STATIC, "static", files, {"code": list(code)}))
        assert result.ending is RunEnding.COMPLETED, result
        assert isinstance(result.value, dict)
        return result.value

    return call
