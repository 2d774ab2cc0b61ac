"""Why a stated property is not let in."""

from __future__ import annotations


class PropertyRefusedError(Exception):
    """The text says why, in a sentence."""
