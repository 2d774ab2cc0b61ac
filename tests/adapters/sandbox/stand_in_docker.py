#!/usr/bin/env python3
"""Stands in for the program ``docker``: answers as it does, and runs "containers" as processes.

The behaviour is chosen by STAND_IN: ``fine``, ``no daemon``, ``refused``,
``no image``, ``slow`` or ``broken run``.  What it was called with is appended
to STAND_IN_LOG.  It isolates nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

Options = Sequence[tuple[str, str]]

PYTHON = os.environ["STAND_IN_PYTHON"]
NO_DAEMON = (
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. "
    "Is the docker daemon running?"
)
REFUSED = (
    "permission denied while trying to connect to the Docker daemon socket at "
    "unix:///var/run/docker.sock: connect: permission denied"
)
TAKING_A_VALUE = {
    "--pull", "--name", "--label", "--network", "--ipc", "--tmpfs", "--workdir", "--user",
    "--cap-drop", "--security-opt", "--pids-limit", "--memory", "--memory-swap", "--shm-size",
    "--ulimit", "--hostname", "--log-driver", "--env", "--mount",
}  # fmt: skip


def fail(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    sys.exit(1)


def mounts(options: Options) -> Iterator[tuple[str, str]]:
    for option, value in options:
        if option == "--mount":
            parts = dict(p.strip('"').split("=", 1) for p in value.split(",") if "=" in p)
            yield parts["target"], parts["source"]


def split(words: Sequence[str]) -> tuple[Options, list[str]]:
    options: list[tuple[str, str]] = []
    rest = list(words)
    while rest and rest[0].startswith("--"):
        option = rest.pop(0)
        options.append((option, rest.pop(0) if option in TAKING_A_VALUE else ""))
    return options, rest


def run(words: Sequence[str]) -> NoReturn:
    options, (_image, _python, *arguments) = split(words)
    package = "/fractal_rmo/jailed"  # found below its root, by the name of the package
    for target, source in mounts(options):
        inside, outside = target.removesuffix(package), source.removesuffix(package)
        if target.endswith(package):
            inside, outside = repr(inside), repr(outside)  # others begin with the same folder
        arguments = [argument.replace(inside, outside) for argument in arguments]
    environment = dict(v.split("=", 1) for o, v in options if o == "--env")
    os.chdir("/")
    os.execve(PYTHON, [PYTHON, *arguments], environment)  # noqa: S606


def main(words: Sequence[str]) -> None:
    behaviour = os.environ.get("STAND_IN", "fine")
    if log := os.environ.get("STAND_IN_LOG"):
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(json.dumps(words) + "\n")
    if behaviour == "slow":
        time.sleep(30)
    if behaviour == "no daemon":
        fail(NO_DAEMON)
    if behaviour == "refused":
        fail(REFUSED)
    if words[0] == "image" and behaviour == "no image":
        fail(f"Error response from daemon: No such image: {words[-1]}")
    if words[0] == "run":
        if behaviour == "broken run":
            fail("docker: Error response from daemon: OCI runtime create failed: no such runtime.")
        run(words[1:])


main(sys.argv[1:])
