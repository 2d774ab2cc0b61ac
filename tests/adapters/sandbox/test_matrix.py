"""Every attack on every tier that works here, and what must come of it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.run import RunEnding, RunResult, Tier
from fractal_rmo.jailed.seccomp import BASE
from fractal_rmo.jailed.syscalls import this_machine
from tests.adapters.sandbox.matrix import ESCAPES, RESOURCES, Attack

if TYPE_CHECKING:
    from tests.adapters.sandbox.conftest import Trials

pytestmark = pytest.mark.slow
MARKER = f"mark-{os.getpid()}"[-15:]


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """What attacks aim at: sockets of the host, its process, numbers of calls."""
    path = tmp_path_factory.mktemp("host") / "socket"
    abstract = f"\0fractal-rmo-matrix-{os.getpid()}"
    machine = this_machine()
    numbers = {machine.number(rule.call) for rule in BASE if not rule.tests} - {-1}
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unnamed,
    ):
        named.bind(str(path))
        named.listen()
        unnamed.bind(abstract)
        yield {
            "PORT": str(tcp.getsockname()[1]),
            "PATH": repr(str(path)),
            "ABSTRACT": repr(abstract),
            "HOST": str(os.getpid()),
            "NUMBERS": repr(sorted(numbers)),
            "CLONE": str(machine.number("clone")),
            "MARKER": MARKER,
        }


def _named(attack: Attack) -> str:
    return attack.consequence


@pytest.mark.parametrize("attack", RESOURCES, ids=_named)
def test_resources(trials: Trials, sandbox: ZygoteSandbox, attack: Attack) -> None:
    _skip_unhidden(attack, sandbox.tier)
    result = trials.body(attack.body, attack.limits)
    _check(result, attack, sandbox.tier)
    assert trials.body("assert True").ending is RunEnding.COMPLETED


@pytest.mark.parametrize("attack", ESCAPES, ids=_named)
def test_escapes(
    trials: Trials,
    sandbox: ZygoteSandbox,
    attack: Attack,
    surroundings: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _skip_unhidden(attack, sandbox.tier)
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    body = attack.body
    for name, value in surroundings.items():
        body = body.replace(name, value)
    _check(trials.body(body, attack.limits), attack, sandbox.tier)
    assert MARKER not in _names_of_processes()
    assert not any(Path(f, "fractal-written").exists() for f in ("/tmp", "/dev/shm", "/var/tmp"))
    assert trials.body("import os\nassert os.listdir('.') == []").ending is RunEnding.COMPLETED


def _skip_unhidden(attack: Attack, tier: Tier) -> None:
    if attack.on(tier) is None:
        pytest.skip(f"{tier} cannot hide this, and no production runs on it")


def _check(result: RunResult, attack: Attack, tier: Tier) -> None:
    expected = attack.on(tier)
    if isinstance(expected, RunEnding):
        assert result.ending is expected, result
        assert attack.detail in result.detail or tier in attack.differs, result
    else:
        assert result.ending is RunEnding.COMPLETED, result
        assert expected is not None
        assert expected in str(result.value), result


def _names_of_processes() -> set[str]:
    names = set()
    for status in Path("/proc").glob("[0-9]*/comm"):
        try:
            names.add(status.read_text().strip())
        except OSError:
            continue
    return names
