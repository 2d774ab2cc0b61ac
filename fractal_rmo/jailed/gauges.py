"""What all processes of a run hold together, which no limit of one process bounds."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from fractal_rmo.jailed.limits import MEGABYTE, RunLimits
from fractal_rmo.jailed.places import BOX_MB, BOX_NAMES, Place

Met = tuple[str, str]
"""(ending, sentence) of a limit that was met."""
Gauge = Callable[[], Met | None]
EVERY_S = 0.1
_SHARE = 0.05
"""Of the time that a run takes, the part that reading one gauge may cost."""
_SLACK = 1.25  # pages of the warm zygote that a run has touched count as its own
_COUNTED = ("Pss_Anon:", "Pss_Shmem:")


class Paced:
    """Reads a gauge every EVERY_S, and less often where reading takes long."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._due = time.monotonic() + EVERY_S

    def __call__(self) -> Met | None:
        """What the gauge says when it is due, else None."""
        began = time.monotonic()
        if began < self._due:
            return None
        met = self._gauge()
        ended = time.monotonic()
        self._due = ended + max(EVERY_S, (ended - began) / _SHARE)
        return met


def gauges(place: Place, box: Path, limits: RunLimits) -> list[Paced]:
    """The gauges that a run in ``place`` needs."""
    found: list[Gauge] = [lambda: memory(place.members(), limits)]
    if not place.bounded:
        found.append(lambda: files(place.members(), box))
    return [Paced(gauge) for gauge in found]


def memory(members: Iterable[int], limits: RunLimits) -> Met | None:
    """Whether the processes hold too much memory together.

    RLIMIT_AS counts each process alone, so a run with children could use the
    limit many times over.  Resident sizes are an upper bound that is cheap to
    read; beyond the limit, proportional sizes count shared pages once.
    """
    pids, most = list(members), int(limits.memory_mb * MEGABYTE * _SLACK)
    if sum(map(_resident, pids)) <= most or sum(map(_proportional, pids)) <= most:
        return None
    return "out_of_memory", f"All processes of the run together passed {limits.memory_mb} MB."


def _resident(pid: int) -> int:
    """Bytes, without what is shared with files; 0 when the process is gone."""
    try:
        fields = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0
    held = (line.split()[1] for line in fields if line.startswith(("RssAnon:", "RssShmem:")))
    return 1024 * sum(map(int, held))


def _proportional(pid: int) -> int:
    """Bytes, a page shared by n processes counted as an n-th; one who hides counts in full."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return _resident(pid)
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(_COUNTED))


def files(members: Iterable[int], box: Path) -> Met | None:
    """Whether a folder on the machine's own disk holds too much, or too many names."""
    held = 0
    for names, size in enumerate(_sizes(box), 1):
        held += size
        if names > BOX_NAMES:
            return "too_much_output", f"The run made more than its limit of {BOX_NAMES:,} files."
    if held + _nameless(members) > BOX_MB * MEGABYTE:
        return "too_much_output", f"The run's files passed its limit of {BOX_MB} MB."
    return None


def _sizes(folder: Path) -> Iterator[int]:
    """Bytes on disk of everything below; what vanishes meanwhile is left out."""
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    yield entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue


def _nameless(members: Iterable[int]) -> int:
    """Bytes of files that were deleted and are still open."""
    found: dict[tuple[int, int], int] = {}
    for pid in members:
        try:
            for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - names, not paths
                seen = os.stat(f"/proc/{pid}/fd/{name}")  # noqa: PTH116 - read very often
                if stat.S_ISREG(seen.st_mode) and not seen.st_nlink:
                    found[seen.st_dev, seen.st_ino] = seen.st_blocks * 512
        except OSError:
            continue
    return sum(found.values())
