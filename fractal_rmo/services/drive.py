"""Drive a pure generator through the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fractal_rmo.domain.run import Dialogue, Runner, RunRequest

_Answer = TypeVar("_Answer")
Watcher = Callable[[RunRequest, int], None]
"""Told of each request before it runs, with its number from 1."""


def unwatched(_request: RunRequest, _number: int) -> None:
    """Nobody looks."""


def drive(dialogue: Dialogue[_Answer], run: Runner, watch: Watcher = unwatched) -> _Answer:
    """Run what the generator asks for until it answers."""
    number = 1
    try:
        request = next(dialogue)
        while True:
            watch(request, number)
            request = dialogue.send(run(request))
            number += 1
    except StopIteration as stop:
        answer: _Answer = stop.value
        return answer
