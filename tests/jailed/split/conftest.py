"""A module in another process, asked over a socket as in the two jails."""

from __future__ import annotations

import faulthandler
import os
import socket
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from fractal_rmo.jailed.split.link import answer_requests, asking
from fractal_rmo.jailed.split.mirror import Mirror
from fractal_rmo.jailed.split.serving import Server

Load: TypeAlias = Callable[[str], Any]


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    """The tests' side; the other process finds its modules in ``tmp_path``."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            faulthandler.disable()  # a test's code may crash, as it is meant to
            ours.close()
            sys.path.insert(0, str(tmp_path))
            sys.dont_write_bytecode = True
            answer_requests(theirs, Server())
        finally:
            os._exit(0)
    theirs.close()
    yield Mirror(asking(ours))
    ours.close()
    os.waitpid(pid, 0)


@pytest.fixture
def load(mirror: Mirror, tmp_path: Path) -> Load:
    """Write the code, and import its stand-in."""

    def write(text: str) -> Any:
        (tmp_path / "candidate.py").write_text(textwrap.dedent(text))
        return mirror.module("candidate")

    return write
