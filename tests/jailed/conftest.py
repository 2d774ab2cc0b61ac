"""One thin and one thick session, shared by the tests of the programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunEnding, Runner, RunRequest, Runtime, runtime_for_pytest
from tests.jailed.mutants import ROOM, Values, completed

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
        return completed(run, RunRequest(runtime, "unit_tests", files, payload))

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


@pytest.fixture
def make(run: Runner) -> Callable[..., Values]:
    """The mutants of code files."""

    def call(code: Mapping[str, str], most: int = 200, seed: int = 1) -> Values:
        files = {f"code/{path}": text for path, text in code.items()}
        payload: dict[str, Json] = {"code": list(code), "most": most, "seed": seed}
        return completed(run, RunRequest(Runtime.MUTANTS, "mutants", files, payload))

    return call


@pytest.fixture
def judge(run: Runner) -> Callable[..., Values]:
    """What the tests say of hand-made mutants of ``solution.py``."""

    def call(code: str, tests: str, *mutants: Values, **more: str) -> Values:
        files = {"code/solution.py": code, "tests/test_s.py": tests}
        files |= {f"code/{name}.py": text for name, text in more.items()}
        payload: dict[str, Json] = {
            "tests": ["test_s.py"], "mutants": list(mutants), "limit_s": 10.0, "budget_s": 30.0,
            "memory_mb": 1536,
        }  # fmt: skip
        runtime = runtime_for_pytest(files)
        return completed(run, RunRequest(runtime, "mutation_tests", files, payload, ROOM))

    return call
