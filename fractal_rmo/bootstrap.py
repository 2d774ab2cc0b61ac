"""Wiring: the only place where ports meet their adapters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.ports.sandbox import Sandbox


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """The strongest sandbox of this machine, closed afterwards."""
    jail = ZygoteSandbox()
    try:
        yield jail
    finally:
        jail.close()
