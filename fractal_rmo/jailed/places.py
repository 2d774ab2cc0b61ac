"""Where the runs of a session lie, and how what they leave is found and ended."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fractal_rmo.jailed import jail, kernel, sweep

BOX_MB, BOX_NAMES = 64, 16384
"""What one run may keep in files, all together."""
_PREFIX = "fractal-rmo-runs-"


@dataclass(frozen=True)
class Place:
    """``box`` opens the folder of one run, which belongs to a user and is gone afterwards.

    ``members`` are the processes of the present run, ``sweep`` ends them.
    ``bounded``: the folder itself cannot grow beyond BOX_MB and BOX_NAMES.
    """

    box: Callable[[int], AbstractContextManager[Path]]
    members: Callable[[], Iterable[int]]
    sweep: Callable[[], None]
    bounded: bool


def in_namespace() -> Place:
    """For process 1 of a pid namespace with a root of its own."""
    return Place(_mounted, sweep.others, sweep.sweep_namespace, bounded=True)


def in_folder(parent: Path) -> Place:
    """For a subreaper on an ordinary file system."""

    @contextmanager
    def box(owner: int) -> Iterator[Path]:
        folder = tempfile.mkdtemp(dir=parent)
        try:
            if owner != os.geteuid():
                os.chown(folder, owner, owner)
            yield Path(folder)
        finally:
            remove(Path(folder))

    return Place(box, sweep.descendants, sweep.sweep_descendants, bounded=False)


@contextmanager
def _mounted(owner: int) -> Iterator[Path]:
    """A tmpfs that is detached with whatever was put there, however deep or many."""
    jail.mount_box(BOX_MB, BOX_NAMES, owner)
    try:
        yield Path(jail.BOX)
    finally:
        kernel.unmount(jail.BOX)


def make_folder() -> Path:
    """The folder of one session, locked for as long as this process or a fork of it lives."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    folder.chmod(0o711)  # the runs' user passes through, and lists nothing
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_EX)
    return folder


def remove(folder: Path) -> None:
    """Remove a folder by ``rm``, which no depth can exhaust, whatever its modes are."""
    program = shutil.which("rm", path="/usr/bin:/bin") or "rm"
    if _remove(program, folder):
        return
    for inner, folders, _ in os.walk(folder):  # a run may have taken its own rights away
        for name in folders:
            with suppress(OSError):
                Path(inner, name).chmod(0o700)
    _remove(program, folder)


def _remove(program: str, folder: Path) -> bool:
    done = subprocess.run([program, "-rf", folder], stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def remove_stale_folders() -> None:
    """Remove the folders of sessions that were killed together with all who would have done so."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if folder.stat().st_uid == os.geteuid() and _is_free(folder):
                remove(folder)


def _is_free(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
