"""The tiers that work here, each with one sandbox for the whole session of pytest."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.adapters.sandbox.probe import probe
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Limits, Runner, RunRequest, RunResult, Runtime, Tier

PATIENT = Limits(wall_s=8.0)
WORKING = [tier for tier, why in probe().items() if not why]


class Trials:
    """Runs small tests in one open session."""

    def __init__(self, run: Runner) -> None:
        self.run = run

    def tests(
        self,
        tests: Mapping[str, str],
        code: Mapping[str, str],
        limits: Limits = PATIENT,
        runtime: Runtime = Runtime.THIN,
        **options: Json,
    ) -> RunResult:
        """Run test files against code files."""
        files = {f"tests/{path}": text for path, text in tests.items()}
        files |= {f"code/{path}": text for path, text in code.items()}
        payload: dict[str, Json] = {"tests": list(tests), "code": list(code), **options}
        return self.run(RunRequest(runtime, "unit_tests", files, payload, limits))

    def body(
        self, body: str, limits: Limits = PATIENT, runtime: Runtime = Runtime.THIN
    ) -> RunResult:
        """Run one test with the given statements."""
        indented = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        return self.tests({"test_it.py": f"def test_it():\n{indented}\n"}, {}, limits, runtime)

    def words(self, body: str) -> str:
        """What a test with these statements said when it failed."""
        result = self.body(body)
        assert isinstance(result.value, Mapping), result
        results = result.value["results"]
        assert isinstance(results, list), result
        return str(results[0]["message"])


@pytest.fixture(scope="session", params=WORKING, ids=str)
def sandbox(request: pytest.FixtureRequest) -> Iterator[ZygoteSandbox]:
    sandbox = ZygoteSandbox(request.param)
    yield sandbox
    sandbox.close()


@pytest.fixture
def trials(sandbox: ZygoteSandbox) -> Iterator[Trials]:
    """A session of every tier that works on this machine, one after the other."""
    with sandbox.session() as run:
        yield Trials(run)


@pytest.fixture
def hidden(sandbox: ZygoteSandbox) -> Iterator[Trials]:
    """A session of the tier that hides files and the network."""
    if sandbox.tier is not Tier.NAMESPACES:
        pytest.skip("this tier cannot hide files or the network, and says so")
    with sandbox.session() as run:
        yield Trials(run)
