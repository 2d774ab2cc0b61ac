"""Real processes under a real supervisor.  Every name says what a person would notice."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fractal_rmo.adapters.embedded import processes, servers
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.adapters.embedded.processes import Identity
from fractal_rmo.adapters.supervisor import control, procfile, record, restarts
from fractal_rmo.adapters.supervisor.child import ProcessState
from fractal_rmo.adapters.supervisor.supervisor import Supervisor
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError, SettingsError

pytestmark = pytest.mark.thorough

#: A process that has a child in a process group of its own; both ignore SIGTERM.
FAMILY = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
open(f"pid-{'parent' if child else 'child'}", "w").write(str(os.getpid()))
time.sleep(600)
"""

SUPERVISE = """
import os, signal, sys, time
from pathlib import Path
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.adapters.supervisor.supervisor import Supervisor
folder = Path(sys.argv[1])
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, _: sys.exit(128 + number))
with Supervisor(folder / "Procfile", StatePaths(folder / "state"), os.environ, grace_seconds=1):
    (folder / "up").touch()
    time.sleep(600)
"""


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[StatePaths]:
    state = StatePaths(tmp_path / "state")
    yield state
    if state.locks.exists():
        control.stop_running(state, 1.0)
    servers.purge(state)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write each process's program to a file and a Procfile that runs them."""

    def writing(**programs: str) -> Path:
        lines = []
        for name, program in programs.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(program))
            lines.append(f"{name}: python {name}.py\n")
        found = tmp_path / "Procfile"
        found.write_text("".join(lines))
        return found

    return writing


def supervise(found: Path, paths: StatePaths, *heard: list[str], **extra: str) -> Supervisor:
    environment = {**os.environ, **extra}
    report = heard[0].append if heard else lambda _: None
    return Supervisor(found, paths, environment, grace_seconds=1.0, report=report)


def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def started(file: Path) -> Identity:
    """The process that wrote its number into a file."""
    eventually(lambda: file.exists() and file.read_text())
    found = processes.identify(int(file.read_text()))
    assert found is not None
    return found


def supervise_elsewhere(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", SUPERVISE, str(folder)])
    eventually((folder / "up").exists)
    return process


def watchdog_of(supervisor: int) -> Identity:
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    [found] = [pid for pid in map(int, children) if processes.runs_with_argument(pid, "watchdog")]
    identity = processes.identify(found)
    assert identity is not None
    return identity


def test_each_process_runs_in_a_session_of_its_own_with_its_own_log(
    write: Callable[..., Path], paths: StatePaths
) -> None:
    program = "import os, time; print(os.getpid(), os.getsid(0)); time.sleep(600)"
    with supervise(write(one=program, two=program), paths) as supervisor:
        supervisor.wait_ready()
        pids = [status.pid for status in supervisor.poll()]
    for name, pid in zip(("one", "two"), pids, strict=True):
        assert (paths.logs / f"{name}.log").read_text() == f"{pid} {pid}\n"


def test_after_stop_nothing_runs_and_a_process_could_say_goodbye(
    write: Callable[..., Path], paths: StatePaths, tmp_path: Path
) -> None:
    polite = """
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("goodbye")))
        open("pid-polite", "w").write(str(__import__("os").getpid()))
        time.sleep(600)
        """
    supervisor = supervise(write(polite=polite, family=FAMILY), paths)
    supervisor.start()
    ran = [started(tmp_path / f"pid-{name}") for name in ("polite", "parent", "child")]
    supervisor.stop()
    assert not any(processes.is_alive(process) for process in ran)
    assert (paths.logs / "polite.log").read_text() == "goodbye\n"
    assert {status.state for status in supervisor.poll()} == {ProcessState.STOPPED}
    assert list(paths.locks.glob("supervised-*")) == []


def test_a_process_that_dies_is_started_again_and_its_children_are_not_left(
    write: Callable[..., Path], paths: StatePaths, tmp_path: Path
) -> None:
    heard: list[str] = []
    with supervise(write(family=FAMILY), paths, heard) as supervisor:
        parent, child = started(tmp_path / "pid-parent"), started(tmp_path / "pid-child")
        processes.send(parent, signal.SIGKILL)
        eventually(lambda: supervisor.poll()[0].restarts == 1)
        eventually(lambda: supervisor.poll()[0].pid not in {None, parent.pid})
        assert not processes.is_alive(child)
        assert supervisor.poll()[0].last_exit == -signal.SIGKILL
    assert heard == ["'family' ended with -9; it is started again in 0.5 s."]


@pytest.mark.slow
def test_a_process_that_keeps_dying_is_left_down_and_the_others_go_on(
    write: Callable[..., Path], paths: StatePaths
) -> None:
    found = write(
        broken="import sys; sys.exit('no such setting')", fine="import time; time.sleep(600)"
    )
    heard: list[str] = []
    with supervise(found, paths, heard) as supervisor:
        with pytest.raises(InfrastructureError, match="no such setting") as caught:
            supervisor.wait_ready()
        assert caught.value.code is ErrorCode.SERVER_FAILED
        broken, fine = supervisor.poll()
        assert (broken.state, broken.restarts) == (ProcessState.GIVEN_UP, 5)
        assert (fine.state, fine.restarts) == (ProcessState.RUNNING, 0)
    assert "'broken' died 5 times within 30 s" in heard[-1]
    assert heard[-1] in (paths.logs / "supervisor.log").read_text()


def test_the_delay_doubles_to_ten_seconds_and_starts_over_after_a_quiet_half_minute() -> None:
    assert [restarts.delay_seconds([0.0] * n, 1.0) for n in range(1, 6)] == [0.5, 1, 2, 4, None]
    assert restarts.delay_seconds([0.0, 1.0, 2.0, 3.0, 100.0], 100.0) == 0.5


def test_a_killed_supervisor_leaves_no_process_behind(
    write: Callable[..., Path], paths: StatePaths, tmp_path: Path
) -> None:
    write(family=FAMILY)
    supervisor = supervise_elsewhere(tmp_path)
    ran = [started(tmp_path / "pid-parent"), started(tmp_path / "pid-child")]
    supervisor.kill()
    supervisor.wait()
    eventually(lambda: not any(processes.is_alive(process) for process in ran))
    assert control.running_supervisor(paths) is None


def test_the_next_start_ends_what_a_supervisor_and_its_watchdog_left_when_both_were_killed(
    write: Callable[..., Path], paths: StatePaths, tmp_path: Path
) -> None:
    found = write(family=FAMILY)
    supervisor = supervise_elsewhere(tmp_path)
    parent, child = started(tmp_path / "pid-parent"), started(tmp_path / "pid-child")
    processes.send(watchdog_of(supervisor.pid), signal.SIGKILL)
    supervisor.kill()
    supervisor.wait()
    eventually(lambda: not processes.is_alive(parent))  # the kernel's part
    assert processes.is_alive(child)
    with supervise(found, paths):
        assert not processes.is_alive(child)


def test_a_second_start_beside_the_first_is_refused_naming_it(
    write: Callable[..., Path], paths: StatePaths
) -> None:
    found = write(one="import time; time.sleep(600)")
    with supervise(found, paths) as first:
        with pytest.raises(InfrastructureError, match=f"pid {os.getpid()}") as caught:
            supervise(found, paths).start()
        assert caught.value.code is ErrorCode.ALREADY_RUNNING
        assert first.poll()[0].state is ProcessState.RUNNING
        assert control.running_supervisor(paths) == os.getpid()
    assert control.running_supervisor(paths) is None


def test_another_shell_can_stop_it(
    write: Callable[..., Path], paths: StatePaths, tmp_path: Path
) -> None:
    write(family=FAMILY)
    supervisor = supervise_elsewhere(tmp_path)
    child = started(tmp_path / "pid-child")
    assert control.running_supervisor(paths) == supervisor.pid
    assert control.stop_running(paths, 1.0)
    assert supervisor.wait() == 128 + signal.SIGTERM
    assert not processes.is_alive(child)
    assert not control.stop_running(paths, 1.0)


@pytest.mark.parametrize(("process", "setting"), [("web", "PORT"), ("flower", "FLOWER_PORT")])
def test_a_taken_port_is_named_with_what_to_set(
    write: Callable[..., Path], paths: StatePaths, process: str, setting: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        supervisor = supervise(
            write(**{process: "raise SystemExit"}), paths, **{setting: str(port)}
        )
        with pytest.raises(InfrastructureError, match=rf"Port {port}.*set {setting}") as caught:
            supervisor.start()
    assert caught.value.code is ErrorCode.PORT_TAKEN
    assert control.running_supervisor(paths) is None


def test_a_port_that_is_no_number_is_refused(write: Callable[..., Path], paths: StatePaths) -> None:
    with pytest.raises(SettingsError, match="PORT is '80a'"):
        supervise(write(web="raise SystemExit"), paths, PORT="80a").start()


def test_ready_means_that_the_web_port_answers(
    write: Callable[..., Path], paths: StatePaths
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    serve = """
        import os, socket, time
        time.sleep(1.5)
        listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
        time.sleep(600)
        """
    with supervise(write(web=serve), paths, PORT=str(port)) as supervisor:
        with pytest.raises(InfrastructureError, match="Not ready"):
            supervisor.wait_ready(0.2)
        supervisor.wait_ready()
        socket.create_connection(("127.0.0.1", port), 1).close()


def test_the_release_step_ends_before_the_others_begin(
    write: Callable[..., Path], paths: StatePaths
) -> None:
    found = write(
        one="print(open('migrated').read()); __import__('time').sleep(600)",
        release="__import__('time').sleep(0.5); open('migrated', 'w').write('yes')",
    )
    with supervise(found, paths) as supervisor:
        supervisor.wait_ready()
        assert [status.name for status in supervisor.poll()] == ["one"]
    assert (paths.logs / "one.log").read_text() == "yes\n"


def test_a_failing_release_step_starts_nothing_and_says_why(
    write: Callable[..., Path], paths: StatePaths, tmp_path: Path
) -> None:
    found = write(one="open('ran', 'w')", release="raise SystemExit('the schema is newer')")
    with pytest.raises(InfrastructureError, match=r"ended with 1.*the schema is newer"):
        supervise(found, paths).start()
    assert not (tmp_path / "ran").exists()
    assert control.running_supervisor(paths) is None


@pytest.mark.parametrize(
    "command", ["A=1 python -c 'import os; print(os.environ[\"A\"])'", "A=1; echo ${B:-$A} | cat"]
)
def test_shell_commands_of_a_procfile_work(command: str) -> None:
    done = subprocess.run(procfile.shell_words(command), capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_a_single_command_stands_in_place_of_the_shell() -> None:
    done = subprocess.Popen(procfile.shell_words("sh -c 'echo $$'"), stdout=subprocess.PIPE)
    assert int(done.communicate()[0]) == done.pid


@pytest.mark.parametrize("text", ["", "# nothing\n", "a: x\na: y\n"])
def test_a_procfile_without_use_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "Procfile").write_text(text)
    with pytest.raises(SettingsError, match="Procfile"):
        procfile.read(tmp_path / "Procfile")


def test_a_log_above_five_megabytes_is_set_aside_at_the_start(
    write: Callable[..., Path], paths: StatePaths
) -> None:
    paths.create()
    (paths.logs / "one.log").write_bytes(b"x" * 5_000_001)
    with supervise(write(one="print('new'); __import__('time').sleep(600)"), paths) as supervisor:
        supervisor.wait_ready()
    assert (paths.logs / "one.log").read_text() == "new\n"
    assert (paths.logs / "one.log.1").stat().st_size == 5_000_001


@pytest.mark.slow
@pytest.mark.cluster
def test_a_killed_supervisor_leaves_no_celery_pool_behind(
    write: Callable[..., Path], paths: StatePaths, tmp_path: Path
) -> None:
    servers.ensure_running(paths)
    application = f"import celery\napp = celery.Celery('app', broker={paths.redis_url!r})\n"
    (tmp_path / "application.py").write_text(application)
    write()
    (tmp_path / "Procfile").write_text("worker: celery -A application worker -c 2 -l INFO\n")
    supervisor = supervise_elsewhere(tmp_path)
    log = paths.logs / "worker.log"
    eventually(lambda: log.exists() and " ready." in log.read_text(), 60)
    [written] = paths.locks.glob("supervised-*.json")
    pool = [
        member for leader in record.read(written) for member in processes.session_members(leader)
    ]
    assert len(pool) == 3  # the worker and its two children
    supervisor.kill()
    supervisor.wait()
    eventually(lambda: not any(processes.is_alive(process) for process in pool))
    assert all(server.answers for server in servers.status(paths))
