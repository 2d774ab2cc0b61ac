"""hypothesis, as the tests of a run find it: ours, else that of their own environment, else none.

Ours has a compiled part, which fits only interpreters of the same minor
version.  It is loaded before any run; another one only inside a run, since
nothing of a foreign environment is imported outside of jails.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.run_child import Program


def load() -> dict[str, str]:
    """Import it, with a profile that repeats itself and keeps nothing; its version by name."""
    os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"
    try:
        importlib.import_module("hypothesis.strategies")
    except ImportError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "hypothesis"]:
            del sys.modules[name]
        return {}
    hypothesis = sys.modules["hypothesis"]
    hypothesis.settings.register_profile("jail", database=None, derandomize=True, deadline=None)
    hypothesis.settings.load_profile("jail")
    return {"hypothesis": str(hypothesis.__version__)}


def ready(program: Program) -> Program:
    """The same program after what its environment has was loaded, where ours did not fit."""

    def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
        if "hypothesis" not in sys.modules:
            with suppress(Exception):  # the tests will say it, if they need it
                load()
        return program(box, payload)

    return run


def stop_shrinking() -> None:
    """From here on look for no smaller example, which takes many times as long."""
    if (hypothesis := sys.modules.get("hypothesis")) is None:
        return
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    base = hypothesis.settings.get_profile("jail")
    hypothesis.settings.register_profile(
        "unshrunk", base, phases=phases, report_multiple_bugs=False
    )
    hypothesis.settings.load_profile("unshrunk")
