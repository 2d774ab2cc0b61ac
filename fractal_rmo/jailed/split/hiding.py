"""Test files that only their own process can read, where file systems protect nothing.

Each becomes a link to a file in memory that this process holds open.  Anyone
else who follows the link looks among descriptors of their own, and to look
among this process's they would have to be allowed to debug it.
"""

from __future__ import annotations

import os
from pathlib import Path

from fractal_rmo.jailed import kernel

MOST = 32
"""Files that are hidden: each takes one of the descriptors that the tests may hold."""


def hide(folder: Path) -> None:
    """Take the texts of the Python files below ``folder`` off the disk, the first MOST of them."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    for file in sorted(folder.rglob("*.py"))[:MOST]:
        text = file.read_bytes()
        held = os.memfd_create(file.name)
        os.write(held, text)
        file.unlink()
        file.symlink_to(f"/proc/self/fd/{held}")
