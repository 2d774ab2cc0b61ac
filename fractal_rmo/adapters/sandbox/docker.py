"""Jails in containers: one container a session, started by Docker's own command line.

A container inherits no descriptor, so each session has a container of its own,
which connects to a socket that is mounted into it: over that, descriptors pass.
One is started ahead; the next session takes it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from fractal_rmo.adapters.sandbox import places, wire
from fractal_rmo.adapters.sandbox.zygote_process import READY_S, CannotStartError, ZygoteKey
from fractal_rmo.domain.run import Runtime

IMAGE = "python:{}.{}-slim"
"""Has the minor version of an environment's Python, so that its packages work in it."""
_USUAL_SOCKET = Path("/var/run/docker.sock")
ENGINE_S = 2.0
"""How long the engine may take to answer a question."""
_USER = "65534:65534"
_INSIDE = "/opt/fractal"
_START = (
    f"import sys; sys.path.insert(0, {_INSIDE!r}); "
    "from fractal_rmo.jailed.container import main; main(sys.argv[1])"
)
_LIMITS = {"pids-limit": "256", "memory": "2g", "memory-swap": "2g", "shm-size": "16m"}
_END_S = 5.0
_REMEDIES = {
    "permission denied": "Docker refuses this user: add the user to the group 'docker'.",
    "connect to the docker daemon": "No Docker engine answers: start it, or set DOCKER_HOST.",
    "failed to connect": "No Docker engine answers: start it, or set DOCKER_HOST.",
    "no such image": "The image {image} is missing: run 'docker pull {image}'.",
}


def usual_image(version: tuple[int, int] = sys.version_info[:2]) -> str:
    """The image for a minor version of Python."""
    return IMAGE.format(*version)


def may_answer() -> bool:
    """Whether an engine is where it usually is; asking it takes longer."""
    return shutil.which("docker") is not None and _USUAL_SOCKET.exists()


def why_no_engine(image: str = "") -> str:
    """One sentence with the remedy; "" when an engine answers and has the image."""
    image = image or usual_image()
    if shutil.which("docker") is None:
        return "There is no program 'docker' on PATH: install Docker Engine."
    return _ask("version", "--format", "{{.Server.Version}}", image=image) or _ask(
        "image", "inspect", "--format", "{{.Id}}", image, image=image
    )


def _ask(*words: str, image: str) -> str:
    try:
        answer = subprocess.run(
            ["docker", *words], capture_output=True, text=True, timeout=ENGINE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"The Docker engine did not answer within {ENGINE_S:g} s."
    except OSError as error:
        return f"The program 'docker' cannot be started: {error}."
    return explain(answer.stderr, image) if answer.returncode else ""


def explain(said: str, image: str) -> str:
    """One sentence for what Docker said on its standard error."""
    lower = said.lower()
    for mark, sentence in _REMEDIES.items():
        if mark in lower:
            return sentence.format(image=image)
    lines = said.strip().splitlines()
    return f"Docker says: {lines[-1] if lines else 'nothing, and fails'}"


def command(key: ZygoteKey, image: str, name: str, folder: str) -> list[str]:
    """The command that starts the container of one session, whose socket lies in ``folder``."""
    sites = dict.fromkeys([*key.tools, *key.site])
    places_of = {path: f"{_INSIDE}/site{n}" for n, path in enumerate(sites)}
    mounted = {at: path for path, at in places_of.items()}
    inside = {
        "line": f"{_INSIDE}/line/{name}",
        "runtime": key.runtime.value,
        "tools": [places_of[path] for path in key.tools],
        "site": [places_of[path] for path in key.site],
        "ruff": f"{_INSIDE}/bin/ruff",
    }
    mounted[f"{_INSIDE}/line"] = folder
    mounted[f"{_INSIDE}/fractal_rmo/jailed"] = str(places.PROJECT_ROOT / "fractal_rmo" / "jailed")
    if key.runtime is Runtime.STATIC:
        mounted[f"{_INSIDE}/bin/ruff"] = places.ruff_program()
    room = "rw,exec,nosuid,nodev,mode=1777,size=64m,nr_inodes=16384"
    return [
        *("docker", "run", "--rm", "--pull", "never", "--name", name),
        *("--label", "fractal-rmo", "--network", "none", "--ipc", "private"),
        *("--read-only", "--tmpfs", f"/tmp:{room}", "--workdir", "/"),  # noqa: S108 - inside
        *("--user", _USER, "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *(word for option, value in _LIMITS.items() for word in (f"--{option}", value)),
        *("--ulimit", "core=0", "--hostname", "jail", "--log-driver", "none"),
        *("--env", "LANG=C.UTF-8", "--env", "HOME=/", "--env", f"PYTHONHASHSEED={key.hash_seed}"),
        *("--env", "HYPOTHESIS_NO_PLUGINS=1"),
        *(word for at, path in mounted.items() for word in ("--mount", _bind(path, at))),
        *(image, "python3", "-P", "-s", "-S", "-c", _START, json.dumps(inside)),
    ]


def _bind(path: str, at: str) -> str:
    return f'type=bind,"source={path}",target={at},readonly'


class _Container:
    """One started container, as the client that is attached to it."""

    def __init__(self, key: ZygoteKey, image: str) -> None:
        self.name = f"fractal-rmo-{uuid.uuid4().hex}"
        self._image = image
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by end()
        self._door = _Door(self.name)
        self._line: socket.socket | None = None
        try:
            self.client = subprocess.Popen(  # pylint: disable=consider-using-with
                command(key, image, self.name, self._door.folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors.fileno(),
                cwd=Path("/"),
                start_new_session=True,
            )
        except OSError as error:
            self._door.close()
            raise CannotStartError(str(error)) from error

    def await_ready(self, patience_s: float) -> socket.socket:
        """The line to the session inside; raises ``CannotStartError``."""
        self._line = self._door.await_visitor(patience_s, lambda: self.client.poll() is None)
        if self._line is None:
            raise CannotStartError(self._last_words() or "the container did not start in time")
        try:
            answer = wire.receive_json(self._line, patience_s)
        except wire.PeerGoneError as error:
            raise CannotStartError(self._last_words() or str(error)) from error
        if "error" in answer:
            raise CannotStartError(str(answer["error"]))
        return self._line

    def hang_up(self) -> None:
        """Close the line, which ends the container."""
        self._door.close()
        if self._line is not None:
            self._line.close()

    def end(self) -> None:
        """Hang up and wait; a container that does not end is removed."""
        self.hang_up()
        try:
            self.client.wait(_END_S)
        except subprocess.TimeoutExpired:
            with suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(
                    ["docker", "rm", "--force", self.name],
                    capture_output=True,
                    timeout=_END_S,
                    check=False,
                )
            self.client.kill()
            self.client.wait()
        self._errors.close()

    def disown(self) -> None:
        """Close this process's copies of another's container, and leave that running."""
        self._door.disown()
        if self._line is not None:
            self._line.close()
        self._errors.close()
        self.client.returncode = 0  # not our child: there is nothing to wait for

    def _last_words(self) -> str:
        with suppress(OSError, ValueError, subprocess.TimeoutExpired):
            self.client.wait(1)
            self._errors.seek(0)
            return explain(self._errors.read().decode("utf-8", "replace"), self._image)
        return ""


class _Door:
    """A socket in a folder, for one visitor; both are gone once it came, before any run."""

    def __init__(self, name: str) -> None:
        # a path of a socket is at most 107 bytes, which $TMPDIR may pass
        self.folder = tempfile.mkdtemp(prefix="fractal-rmo-runs-", dir="/tmp")
        # held while this lives: zygotes remove folders of this prefix that nobody holds
        self._lock = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{self.folder}/{name}")
        Path(self.folder, name).chmod(0o777)
        Path(self.folder).chmod(0o711)  # who does not know the name finds no door
        self._listener.listen(1)

    def await_visitor(
        self, patience_s: float, expected: Callable[[], bool]
    ) -> socket.socket | None:
        """The connection; None when none came in time or none is ``expected`` any more."""
        until = time.monotonic() + patience_s
        self._listener.settimeout(0.05)
        while time.monotonic() < until:
            try:
                visitor = self._listener.accept()[0]
            except TimeoutError:
                if not expected():
                    return None
                continue
            self.close()
            return visitor
        return None

    def close(self) -> None:
        """Let nobody in any more, and remove the folder."""
        if self._listener.fileno() >= 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.disown()

    def disown(self) -> None:
        """Close this process's descriptors, and leave the folder to its owner."""
        if self._listener.fileno() >= 0:
            os.close(self._lock)
        self._listener.close()


class ContainerZygote:
    """Implements ``zygotes.Zygote``.  Starting does not wait; the first session does."""

    def __init__(self, key: ZygoteKey, image: str = "", ready_s: float = READY_S) -> None:
        self._key, self._ready_s = key, ready_s
        self._image = image or usual_image(key.environment.version)
        self._lock = threading.Lock()
        self.ready = False
        self._open: list[_Container] = []
        self._ahead: _Container | None = _Container(key, self._image)

    @property
    def pid(self) -> int:
        """The process id of the client of the newest container; 0 after the end."""
        return self._all()[-1].client.pid if self._all() else 0

    @property
    def alive(self) -> bool:
        """Always: each session starts its own container."""
        return True

    def open_session(self) -> socket.socket:
        """A session's line, ready for requests; raises ``CannotStartError``."""
        with self._lock:
            self._forget_ended()
            taken, self._ahead = self._ahead, None
            taken = taken or _Container(self._key, self._image)
            self._open.append(taken)
        line = taken.await_ready(self._ready_s)
        with self._lock:
            self.ready = True
            self._ahead = self._ahead or _Container(self._key, self._image)
        return line

    def hang_up(self) -> None:
        """Let every container end, and do not wait for that."""
        with self._lock:
            for container in self._all():
                container.hang_up()

    def close(self) -> None:
        """End every container of this runtime."""
        self.hang_up()  # all end side by side
        with self._lock:
            for container in self._all():
                container.end()
            self._open.clear()
            self._ahead = None

    def disown(self) -> None:
        """Leave another process's containers alone."""
        for container in self._all():
            container.disown()

    def _all(self) -> list[_Container]:
        return [*self._open, *([self._ahead] if self._ahead else [])]

    def _forget_ended(self) -> None:
        for container in [c for c in self._open if c.client.poll() is not None]:
            container.end()
            self._open.remove(container)
