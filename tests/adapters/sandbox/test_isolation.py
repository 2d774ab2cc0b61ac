"""What a run can see and reach."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.run import RunEnding, RunRequest, Runtime

if TYPE_CHECKING:
    from tests.adapters.sandbox.conftest import Trials

PASSED = "'passed'"


def test_environment_is_empty_but_for_what_is_needed(
    trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    words = trials.words("import os\nassert 0, sorted(os.environ)")
    threads = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    names = {"HOME", "LANG", "PYTHONDONTWRITEBYTECODE", "TMPDIR", *threads}
    assert set(words.strip("[]").replace("'", "").split(", ")) == names


def test_nothing_of_the_host_stands_on_the_command_line(trials: Trials) -> None:
    body = """
    import sys
    from pathlib import Path
    assert sys.argv == ['pytest']
    words = Path('/proc/self/cmdline').read_text()
    assert 0, [word for word in ('host_pid', 'visible', 'tier') if word in words]
    """
    assert trials.words(body) == "[]"


def test_host_descriptors_do_not_leak(trials: Trials) -> None:
    with socket.socketpair()[0] as kept:
        os.set_inheritable(kept.fileno(), True)
        words = trials.words(
            "import os\nassert 0, sorted(map(int, os.listdir('/proc/self/fd')))[:-1]"
        )
    assert len(words.split(",")) <= 4, words  # input, output, errors, result


def test_host_files_and_environment_are_invisible(hidden: Trials, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    root = Path(__file__).resolve().parents[3]
    for path in (secret, root / "pyproject.toml", Path("/etc/shadow"), Path("/root/.bashrc")):
        body = f"import os\nassert not os.path.exists({str(path)!r})"
        assert PASSED in str(hidden.body(body).value), path
    words = hidden.words("import os\nassert 0, sorted(os.listdir('/'))")
    assert "home" not in words
    assert "var" not in words


def test_nothing_outside_the_box_can_be_written(hidden: Trials) -> None:
    body = """
    import os, sys
    for folder in ('/', '/usr/lib', '/etc', '/dev', sys.prefix, os.path.dirname(os.__file__)):
        try:
            open(os.path.join(folder, 'written'), 'w')
        except OSError:
            continue
        raise AssertionError(folder)
    open('here', 'w').close()
    """
    assert PASSED in str(hidden.body(body).value)


def test_network_is_unreachable(hidden: Trials) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        body = f"""
        import socket
        for address in (('127.0.0.1', {port}), ('169.254.169.254', 80), ('1.1.1.1', 53)):
            try:
                socket.create_connection(address, timeout=1)
            except OSError:
                continue
            raise AssertionError(address)
        """
        assert PASSED in str(hidden.body(body).value)


def test_an_abstract_socket_of_the_host_is_unreachable(hidden: Trials) -> None:
    name = f"\0fractal-rmo-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        body = f"""
        import socket
        try:
            socket.socket(socket.AF_UNIX).connect({name!r})
        except OSError:
            pass
        else:
            raise AssertionError('reached')
        """
        assert PASSED in str(hidden.body(body).value)


def test_loopback_inside_the_jail_works_for_honest_tests(hidden: Trials) -> None:
    body = """
    import socket
    server = socket.create_server(('127.0.0.1', 0))
    socket.create_connection(server.getsockname(), timeout=1)
    """
    assert PASSED in str(hidden.body(body).value)


def test_other_processes_are_invisible_and_cannot_be_harmed(hidden: Trials) -> None:
    body = """
    import os
    pids = [int(n) for n in os.listdir('/proc') if n.isdigit()]
    assert set(pids) <= {1, os.getpid()}, pids
    for target in ('environ', 'mem', 'fd/3'):
        try:
            open(f'/proc/1/{target}', 'rb').read(1)
        except OSError:
            continue
        raise AssertionError(target)
    """
    assert PASSED in str(hidden.body(body).value)
    hidden.body("import os\nos.kill(1, 9)")
    assert hidden.body("pass").ending is RunEnding.COMPLETED


def test_an_interpreter_that_a_run_starts_has_the_same_library(trials: Trials) -> None:
    """Also where only root may read it, and the run has a user of its own."""
    body = """
    import os, subprocess, sys
    command = [sys.executable, '-S', '-c', 'import argparse, os; print(os.__file__)']
    started = subprocess.run(command, capture_output=True, text=True)
    assert started.stdout.strip() == os.__file__, started
    """
    assert PASSED in str(trials.body(body).value)


def test_privileges_cannot_be_gained(hidden: Trials) -> None:
    body = """
    import ctypes, os
    status = open('/proc/self/status').read()
    assert 'CapEff:\\t0000000000000000' in status
    assert 'CapBnd:\\t0000000000000000' in status
    assert 'NoNewPrivs:\\t1' in status
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(0x10000000) == -1  # a user namespace of its own
    assert libc.mount(b'tmpfs', b'/box', b'tmpfs', 0, None) == -1
    """
    assert PASSED in str(hidden.body(body).value), hidden.body(body)


WRITE = """
import builtins, os, solution, tempfile
builtins.MARK = 1
def test_write():
    for folder in ('.', tempfile.gettempdir()):
        open(folder + '/left', 'w').close()
"""
LOOK = """
import builtins, os, sys, tempfile
def test_look():
    assert not hasattr(builtins, 'MARK')
    assert 'solution' not in sys.modules
    for folder in ('.', tempfile.gettempdir()):
        assert not os.path.exists(folder + '/left')
"""


def test_two_sessions_share_nothing(sandbox: ZygoteSandbox) -> None:
    with sandbox.session() as first, sandbox.session() as second:
        written = first(_request(WRITE))
        assert PASSED in str(written.value), written
        for run in (second, first):
            assert PASSED in str(run(_request(LOOK)).value)


def _request(test: str) -> RunRequest:
    files = {"tests/test_it.py": test, "code/solution.py": ""}
    return RunRequest(Runtime.THIN, "unit_tests", files, {"tests": ["test_it.py"], "code": []})
