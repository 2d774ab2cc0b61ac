"""Real servers in folders of their own.  Every name says what a person would notice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
import sqlalchemy
from kombu.connection import Connection

from fractal_rmo.adapters.embedded import postgres, processes, servers, stamp, valkey
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.adapters.embedded.processes import Identity
from fractal_rmo.adapters.embedded.secrets import web_secrets
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError

pytestmark = pytest.mark.cluster

START = (
    "import sys; from pathlib import Path; "
    "from fractal_rmo.adapters.embedded import servers; "
    "from fractal_rmo.adapters.embedded.paths import StatePaths; "
    "servers.ensure_running(StatePaths(Path(sys.argv[1])))"
)


def query(paths: StatePaths, *statements: str) -> object:
    engine = sqlalchemy.create_engine(paths.database_url)
    try:
        with engine.begin() as session:
            results = [session.execute(sqlalchemy.text(statement)) for statement in statements]
            return results[-1].scalar() if results[-1].returns_rows else None
    finally:
        engine.dispose()


def both(paths: StatePaths) -> tuple[Identity, Identity]:
    first, second = postgres.running(paths), valkey.running(paths)
    assert first is not None
    assert second is not None
    return first, second


def start_elsewhere(
    root: Path, *before: str, env: dict[str, str] | None = None, pass_fds: tuple[int, ...] = ()
) -> subprocess.Popen[str]:
    words = [*before, sys.executable, "-c", START, str(root)]
    return subprocess.Popen(words, env=env, stderr=subprocess.PIPE, text=True, pass_fds=pass_fds)


def finish(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=100)
    assert process.returncode == 0, said


def test_sqlalchemy_kombu_and_redis_reach_the_servers(started: StatePaths) -> None:
    assert query(started, "SELECT current_database()") == "fractal_rmo"
    with redis.Redis(unix_socket_path=str(started.valkey_socket)) as client:
        assert client.ping()
    with Connection(started.redis_url) as broker:  # type: ignore[no-untyped-call]
        queue = broker.SimpleQueue("bell")
        queue.put({"id": 1})
        assert queue.get(timeout=5).payload == {"id": 1}
        queue.close()


def test_no_port_is_opened(started: StatePaths) -> None:
    assert query(started, "SHOW listen_addresses") == ""
    with redis.Redis(unix_socket_path=str(started.valkey_socket)) as client:
        assert client.config_get("port") == {"port": "0"}


def test_a_second_start_changes_nothing_and_takes_no_time(started: StatePaths) -> None:
    before = both(started)
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        servers.ensure_running(started)
        took.append(time.perf_counter() - begun)
    assert both(started) == before
    assert min(took) < 0.02


@pytest.mark.slow
def test_killed_servers_come_back_with_their_data(started: StatePaths) -> None:
    query(started, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    with redis.Redis(unix_socket_path=str(started.valkey_socket)) as client:
        client.set("kept", "7")
    for process in both(started):
        processes.end(process, (signal.SIGKILL, 5.0))
    servers.ensure_running(started)
    assert query(started, "SELECT n FROM kept") == 7
    with redis.Redis(unix_socket_path=str(started.valkey_socket)) as client:
        assert client.get("kept") == b"7"


def test_one_dead_server_is_started_and_the_other_left_alone(started: StatePaths) -> None:
    database, broker = both(started)
    processes.end(broker, (signal.SIGKILL, 5.0))
    servers.ensure_running(started)
    assert both(started)[0] == database


def test_many_starting_at_once_start_one_pair(paths: StatePaths) -> None:
    starters = [start_elsewhere(paths.root) for _ in range(4)]
    for starter in starters:
        finish(starter)
    assert all(server.answers for server in servers.status(paths))
    logs = (paths.logs / "valkey.log").read_text()
    assert logs.count("Ready to accept connections") == 1


def test_servers_outlive_their_starter_and_hold_nothing_of_it(
    paths: StatePaths, tmp_path: Path
) -> None:
    held = tmp_path / "held-by-the-starter"
    descriptor = os.open(held, os.O_CREAT | os.O_RDWR)
    finish(start_elsewhere(paths.root, pass_fds=(descriptor,)))
    os.close(descriptor)
    for process in both(paths):
        folder = Path(f"/proc/{process.pid}/fd")
        assert str(held) not in [str(entry.readlink()) for entry in folder.iterdir()]
        found = processes.facts(process.pid)
        assert found is not None
        assert found.session != os.getsid(0)


@pytest.mark.parametrize("name", ["with space", 'it\'s $HOME "quoted" `x`', "x" * 150])
def test_awkward_folder_names_work(tmp_path: Path, name: str) -> None:
    paths = StatePaths(tmp_path / name)
    try:
        servers.ensure_running(paths)
        assert query(paths, "SELECT 1") == 1
    finally:
        servers.purge(paths)
    assert not paths.root.exists()
    assert not paths.sockets.exists()


@pytest.mark.slow
def test_it_starts_without_home_and_with_a_broken_locale(paths: StatePaths) -> None:
    finish(start_elsewhere(paths.root, env={"LANG": "xx_YY", "LC_ALL": "xx_YY"}))
    assert query(paths, "SELECT 1") == 1


@pytest.mark.parametrize("identity", [["--map-root-user"], ["--map-user=1"]])
def test_it_starts_inside_a_user_namespace(paths: StatePaths, identity: list[str]) -> None:
    words = ["unshare", "--user", *identity]
    if subprocess.run([*words, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine refuses user namespaces")
    finish(start_elsewhere(paths.root, *words))
    assert query(paths, "SELECT 1") == 1


def test_a_mark_whose_number_is_now_another_process_does_not_block_the_start(
    started: StatePaths,
) -> None:
    for process in both(started):
        processes.end(process, (signal.SIGKILL, 5.0))
    mark = started.postgres_data / "postmaster.pid"
    lines = mark.read_text().splitlines(keepends=True)
    mark.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
    (started.sockets / ".s.PGSQL.5432.lock").write_text(mark.read_text())
    (started.valkey_data / "valkey.pid").write_text(f"{os.getpid()}\n")
    servers.ensure_running(started)
    assert query(started, "SELECT 1") == 1


def test_an_emptied_socket_folder_is_mended(started: StatePaths) -> None:
    shutil.rmtree(started.sockets)
    servers.ensure_running(started)
    assert all(server.answers for server in servers.status(started))


def test_an_interrupted_first_start_is_begun_anew(paths: StatePaths) -> None:
    paths.create()
    half_made = paths.data / "postgres.unfinished"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    servers.ensure_running(paths)
    assert query(paths, "SELECT 1") == 1


def test_a_dropped_database_is_made_again(started: StatePaths) -> None:
    with postgres._connected(started, "postgres") as session:
        session.autocommit = True
        session.cursor().execute("DROP DATABASE fractal_rmo")
    servers.ensure_running(started)
    assert query(started, "SELECT current_database()") == "fractal_rmo"


def test_data_of_another_version_is_refused_naming_both(paths: StatePaths) -> None:
    paths.create()
    stamp.stamp_path(paths).write_text(json.dumps({"format": 1, "postgres": 12}))
    with pytest.raises(InfrastructureError) as caught:
        servers.ensure_running(paths)
    assert caught.value.code is ErrorCode.DATA_VERSION
    assert "PostgreSQL 12" in str(caught.value)
    assert "needs format 1 with PostgreSQL 1" in str(caught.value)


def test_a_stamp_that_is_no_json_is_refused(paths: StatePaths) -> None:
    paths.create()
    stamp.stamp_path(paths).write_text("\x00")
    with pytest.raises(InfrastructureError) as caught:
        servers.ensure_running(paths)
    assert caught.value.code is ErrorCode.DATA_VERSION


def test_too_little_space_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError) as caught:
        stamp.require_space(tmp_path, 10**18)
    assert caught.value.code is ErrorCode.NO_SPACE
    assert "MB free" in str(caught.value)


def test_a_server_that_cannot_start_says_why_in_one_sentence(started: StatePaths) -> None:
    servers.stop(started)
    # cut off the append-only file's list of parts
    [manifest] = (started.valkey_data / "appendonlydir").glob("*.manifest")
    manifest.write_text("not a manifest\n")
    with pytest.raises(InfrastructureError) as caught:
        servers.ensure_running(started)
    assert caught.value.code is ErrorCode.SERVER_FAILED
    assert "valkey.log" in str(caught.value)
    assert "manifest" in str(caught.value)


def test_status_tells_what_runs_and_since_when(started: StatePaths) -> None:
    database, broker = servers.status(started)
    assert (database.name, broker.name) == ("postgres", "valkey")
    for server in (database, broker):
        assert server.answers
        assert server.version
        assert server.uptime_seconds is not None
        assert server.uptime_seconds < 60
    servers.stop(started)
    assert [server.pid for server in servers.status(started)] == [None, None]


def test_stopping_and_purging_what_never_ran_does_nothing(tmp_path: Path) -> None:
    paths = StatePaths(tmp_path / "never")
    servers.stop(paths)
    servers.purge(paths)
    assert list(tmp_path.iterdir()) == []


def test_purging_leaves_nothing(started: StatePaths) -> None:
    running = both(started)
    web_secrets(started)
    started.backups.mkdir()
    (started.backups / "before-20260101T000000-of-0001.zip").touch()
    (started.backups / ".before-20260101T000000-of-0001.zip.killed").touch()
    servers.purge(started)
    assert not any(processes.is_alive(process) for process in running)
    assert not started.root.exists()


def test_a_folder_with_someones_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True)
    precious = [home / "letter.txt", home / "data" / "photos"]
    for path in precious:
        path.write_text("precious")
    with pytest.raises(InfrastructureError, match="FR309"):
        servers.ensure_running(StatePaths(home))
    servers.purge(StatePaths(home))
    assert [path.read_text() for path in precious] == ["precious", "precious"]


def test_purging_spares_what_came_into_the_folder_later(tmp_path: Path) -> None:
    paths = StatePaths(tmp_path / "state")
    servers.ensure_running(paths)
    (paths.root / "note.txt").write_text("mine")
    servers.purge(paths)
    assert sorted(path.name for path in paths.root.rglob("*")) == ["note.txt"]
