"""What one run may use, and how the kernel is told so."""

from __future__ import annotations

import resource
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

MEGABYTE = 1 << 20
REPORTING_ROOM = 64 * MEGABYTE
"""Address space kept back so that a run which ran out of memory can still say so."""


@dataclass(frozen=True)
class RunLimits:
    """The host's ``Limits``, as they arrive in JSON."""

    wall_s: float
    cpu_s: int
    memory_mb: int
    processes: int
    open_files: int
    file_mb: int
    output_kb: int

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> RunLimits:
        """The limits of one request."""
        return cls(**{name: message[name] for name in (f.name for f in fields(cls))})


def address_space_in_use() -> int:
    """Bytes of address space that this process holds now; 0 where /proc is hidden."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - before any import
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def apply_limits(limits: RunLimits, held: int, processes_before: int) -> None:
    """Set the resource limits of the present process and all it will start.

    ``memory_mb`` counts what the run adds to the ``held`` bytes of address
    space that it has from the warm zygote.  ``processes_before`` are processes
    which the kernel counts under the same user though they are not the run's.
    """
    memory = (held or 512 * MEGABYTE) + limits.memory_mb * MEGABYTE
    for what, soft, hard in (
        (resource.RLIMIT_AS, memory, memory + REPORTING_ROOM),
        (resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 1),
        (resource.RLIMIT_FSIZE, limits.file_mb * MEGABYTE, limits.file_mb * MEGABYTE),
        (resource.RLIMIT_NOFILE, limits.open_files, limits.open_files),
        (resource.RLIMIT_NPROC, *[limits.processes + processes_before] * 2),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, ceiling = resource.getrlimit(what)
        allowed = [
            n if ceiling == resource.RLIM_INFINITY else min(n, ceiling) for n in (soft, hard)
        ]
        resource.setrlimit(what, (allowed[0], allowed[1]))


def open_reporting_room() -> None:
    """Let the run's last words use the address space that was kept back."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
