"""Driving a dialogue: with canned results, or through the real sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, TypeVar

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.run import Dialogue, Runner, RunRequest, RunResult

_Answer = TypeVar("_Answer")
Canned: TypeAlias = Callable[[Dialogue[Any], Iterable[RunResult]], tuple[Any, list[RunRequest]]]
Driver: TypeAlias = Callable[[Dialogue[Any]], Any]


def _drive(dialogue: Dialogue[_Answer], run: Runner) -> _Answer:
    try:
        request = next(dialogue)
        while True:
            request = dialogue.send(run(request))
    except StopIteration as stop:
        answer: _Answer = stop.value
        return answer


@pytest.fixture
def canned() -> Canned:
    """Answer a dialogue with the given results; its answer and what it asked for."""

    def drive(
        dialogue: Dialogue[Any], results: Iterable[RunResult]
    ) -> tuple[Any, list[RunRequest]]:
        asked: list[RunRequest] = []
        left = iter(results)

        def run(request: RunRequest) -> RunResult:
            asked.append(request)
            return next(left)

        return _drive(dialogue, run), asked

    return drive


@pytest.fixture(scope="session")
def real() -> Iterator[Driver]:
    """Drive a dialogue through the strongest sandbox here."""
    sandbox = ZygoteSandbox()
    with sandbox.session() as run:
        yield lambda dialogue: _drive(dialogue, run)
    sandbox.close()
