"""External servers, as a hosting platform would offer them: by address and password only."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from fractal_rmo.adapters.embedded import launch
from fractal_rmo.adapters.embedded.binaries import find_postgres, find_valkey
from fractal_rmo.config.load import CHECKOUT

PASSWORD = "a:b@c/d"  # noqa: S105 - has to be quoted in an address
QUOTED = "a%3Ab%40c%2Fd"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    words: list[str],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    end: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program of the checkout, or a server, in a session of its own; ended afterwards."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            words, cwd=CHECKOUT, env=environment, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.send_signal(end)
            try:
                process.wait(30)
            finally:
                process.kill()
                process.wait()


def until_listening(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL with a password: the system's newest, else the wheel's."""
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    programs = system[-1].parent if system else find_postgres().folder
    data, log, secret = folder / "postgres", folder / "postgres.log", folder / "password"
    secret.write_text(PASSWORD)
    options = ["--username=fractal", "--auth=scram-sha-256", f"--pwfile={secret}", "--locale=C"]
    subprocess.run(
        [*launch.without_root(), programs / "initdb", "--pgdata", data, *options],
        cwd=folder, env=launch.CLEAN_ENVIRONMENT, stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    port = free_port()
    server = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder)]
    # SIGINT is PostgreSQL's fast shutdown
    with running([*launch.without_root(), *server], log, end=signal.SIGINT) as process:
        until_listening(port, process, log)
        _create_database(port)
        # platforms spell the scheme like this
        yield f"postgres://fractal:{QUOTED}@127.0.0.1:{port}/fractal_rmo"


def _create_database(port: int) -> None:
    for _ in range(100):
        try:
            made = psycopg2.connect(
                host="127.0.0.1", port=port, user="fractal", password=PASSWORD, dbname="postgres"
            )
        except psycopg2.OperationalError:  # still starting up
            time.sleep(0.1)
            continue
        made.autocommit = True
        made.cursor().execute("CREATE DATABASE fractal_rmo")
        made.close()
        return
    raise AssertionError("PostgreSQL does not accept the password")


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """The address of a Redis-protocol server with a password."""
    program = shutil.which("redis-server") or str(find_valkey())
    port, log = free_port(), folder / "redis.log"
    words = [program, "--port", str(port), "--bind", "127.0.0.1", "--requirepass", PASSWORD]
    with running([*words, "--save", "", "--dir", str(folder)], log) as process:
        until_listening(port, process, log)
        yield f"redis://:{QUOTED}@127.0.0.1:{port}/0"


@dataclass(frozen=True)
class TlsRedis:
    """A server that speaks TLS only, its authority's certificate, and a stranger's."""

    port: int
    authority: Path
    stranger: Path

    @property
    def url(self) -> str:
        return f"rediss://:{QUOTED}@127.0.0.1:{self.port}/0"


def can_speak_tls() -> bool:
    """Whether the system has openssl, and a ``redis-server`` that was built with TLS."""
    program = shutil.which("redis-server")
    if not (program and shutil.which("openssl")):
        return False
    tried = subprocess.run(
        [program, "--port", "0", "--tls-port", "1"], capture_output=True, text=True, check=False
    )
    return "Failed to configure TLS" in tried.stdout  # for want of a certificate


@contextlib.contextmanager
def tls_redis(folder: Path) -> Iterator[TlsRedis]:
    """A real ``redis-server`` with TLS, where ``can_speak_tls``."""
    program = shutil.which("redis-server") or ""
    authority, stranger = (_authority(folder, name) for name in ("authority", "stranger"))
    key, certificate = _server_certificate(folder, authority)
    port, log = free_port(), folder / "tls.log"
    words = [program, "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1"]
    files = ["--tls-cert-file", key.with_name(certificate.name), "--tls-key-file", key]
    more = ["--tls-auth-clients", "no", "--requirepass", PASSWORD, "--save", ""]
    with running([*words, *map(str, files), *more, "--dir", str(folder)], log) as process:
        until_listening(port, process, log)
        yield TlsRedis(port, authority, stranger)


def _openssl(folder: Path, *words: str | Path) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def _authority(folder: Path, name: str) -> Path:
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}")
    _openssl(folder, *new, "-keyout", key, "-out", certificate)
    return certificate


def _server_certificate(folder: Path, authority: Path) -> tuple[Path, Path]:
    """For 127.0.0.1 only: any other name of this machine is a wrong one."""
    key, request, certificate = (folder / f"server.{end}" for end in ("key", "csr", "pem"))
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=redis")
    _openssl(folder, *new, "-keyout", key, "-out", request)
    signed = ("-CA", authority, "-CAkey", authority.with_suffix(".key"), "-CAcreateserial")
    names = ("-days", "2", "-extfile", folder / "names")
    _openssl(folder, "x509", "-req", "-in", request, *signed, *names, "-out", certificate)
    return key, certificate


def deployed(folder: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """The environment of a host that knows its servers by address only."""
    ours = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "FRACTAL_STATE": str(folder / "state"),
        "PORT": str(free_port()),
        "FLOWER_PORT": str(free_port()),
        "FLOWER_BASIC_AUTH": "team:secret",
    }
    beside = str(Path(sys.executable).parent)  # a Procfile says 'python'
    return {**os.environ, **ours, "PATH": f"{beside}:{os.environ['PATH']}"}
