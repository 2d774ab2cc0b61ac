"""The session of one container: process 1 inside, speaking over a socket that it is shown.

The container isolates; what a
run takes upon itself beside that keeps it from harming this process, which
has the same user.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from fractal_rmo.jailed import channel, confine, kernel, places, sweep
from fractal_rmo.jailed.run_child import Bounds
from fractal_rmo.jailed.runtimes import preload
from fractal_rmo.jailed.session import Session
from fractal_rmo.jailed.zygote import identity_on_host, standard_library

_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")


@dataclass(frozen=True)
class Inside:
    """What the host says at start, as JSON: a runtime, and paths as they are in the container."""

    line: str
    runtime: str
    tools: list[str]
    site: list[str]
    ruff: str


def main(argument: str) -> None:
    """Serve the runs of one session until the host hangs up."""
    inside = Inside(**json.loads(argument))
    line = socket.socket(socket.AF_UNIX)
    line.connect(inside.line)
    folder = places.make_folder()
    try:
        session = _prepare(inside, line, folder)
    except Exception as error:  # noqa: BLE001 - told to the host, then the process ends
        channel.send_json(line, {"error": f"{type(error).__name__}: {error}"})
        return
    channel.send_json(line, {"ready": True})
    try:
        session.serve()
    finally:
        sweep.sweep_descendants()
        places.remove(folder)


def _prepare(inside: Inside, line: socket.socket, folder: Path) -> Session:
    sys.path[:] = [*standard_library(), *inside.tools]
    sys.argv[:] = ["pytest"]
    visible = [*_SYSTEM, sys.base_prefix, sys.prefix, *inside.tools, *inside.site]
    own_user = os.geteuid() == 0
    confinement = confine.confinement(confine.Tier.DOCKER.value, visible, own_user=own_user)
    programs = preload(inside.runtime, inside.ruff)
    sys.path[:] = [*standard_library(), *inside.site]
    gc.collect()
    gc.freeze()
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    os.umask(0o022)
    bounds = Bounds(identity_on_host(), confinement)
    return Session(line, programs, bounds, places.in_folder(folder))
