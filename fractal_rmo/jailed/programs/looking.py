"""Noticing that code looks at its own code objects while it is tested.

Code that knows what its bytecode was at import can compare it when it is
called, and fail on purpose once it is another: then it kills its own mutants
under tests that assert nothing.  The interpreter tells of each such look, by
audit events (PEP 578), whichever way it is taken, and a hook for them cannot
be taken away again.  What the standard library reads for a signature, a
traceback or a log is not handed on to the code, and is no look.  Looks while
the code is imported show it nothing but itself.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_LIBRARY = os.path.dirname(os.__file__)  # noqa: PTH120 - as the modules spell it
_KEEPING = frozenset(
    f"{_LIBRARY}/{name}.py" for name in ("doctest", "logging/__init__", "traceback", "warnings")
)
_ASYNCIO = f"{_LIBRARY}/asyncio/"
"""Files of the library that read code objects and hand none of them on."""
_KEEPING_OF_INSPECT = frozenset(
    ("_signature_from_function", "_signature_is_functionlike", "_has_code_flag", "getfile",
     "findsource", "getframeinfo", "_get_code_position")
)  # fmt: skip
_CODE = frozenset(("__code__", "f_code", "gi_code", "cr_code", "ag_code"))
_LASTING = frozenset(
    ("sys.settrace", "sys.setprofile", "sys.addaudithook", "sys.monitoring.register_callback",
     "gc.get_objects", "gc.get_referrers", "gc.get_referents", "code.__new__")
)  # fmt: skip
"""What counts at import as well: what it shows, or its effect, lasts."""
_IMPORTING, _TOOLS = "<frozen importlib", ("_pytest", "pluggy", "hypothesis")


class Looking:
    """Keeps, as ``first``, the first look that a file took which is ``watched``.

    ``watched`` gives the name to show of a file, "" for one that is none of the
    code's or the tests'.  Before ``is_testing`` is set, code is imported.
    """

    def __init__(self, watched: Callable[[str], str]) -> None:
        self.first = ""
        self.is_testing = False
        self._watched, self._is_busy = watched, False

    def begin(self) -> None:
        """Listen from here on until the end of the process."""
        for name in [n for n in sys.modules if n.partition(".")[0] in ("ctypes", "_ctypes")]:
            del sys.modules[name]  # so that it is heard who imports it: it reads any memory
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if self.first or self._is_busy:
            return
        what = self._what(event, args)
        if not what:
            return
        self._is_busy = True  # what follows would be heard as well
        try:
            self.first = self._told(sys._getframe(1), what)  # pylint: disable=protected-access
        finally:
            self._is_busy = False

    def _what(self, event: str, args: tuple[Any, ...]) -> str:
        """What kind of look an event may be; "" for none."""
        if event == "object.__getattr__":
            return str(args[1]) if self.is_testing and args[1] in _CODE else ""
        if event == "import":
            return "the memory, by ctypes" if args[0] in ("ctypes", "_ctypes") else ""
        if event == "open":
            is_memory = str(args[0]).startswith("/proc/") and str(args[0]).endswith("/mem")
            return "the memory" if is_memory else ""
        if event == "compile":  # under a name that is believed here
            name = str(args[1])
            return f"'{name}' as a disguise" if _is_believed(name) else ""
        return event if event in _LASTING else ""

    def _told(self, frame: FrameType | None, what: str) -> str:
        """Where the look was taken from; "" for one that the code takes no part in."""
        if frame is None or (_keeps_it(frame) and not self._watched(frame.f_code.co_filename)):
            return ""
        while frame is not None:
            name = frame.f_code.co_filename
            if shown := self._watched(name):
                return f"{shown}:{frame.f_lineno} reads {what}"
            if name.startswith(_IMPORTING) or _is_tool(name):
                return ""
            frame = frame.f_back
        return ""


def _is_believed(name: str) -> bool:
    """Whether a file name makes a reader one that is no look's."""
    is_library = name in _KEEPING or name == inspect.__file__
    return is_library or name.startswith((_IMPORTING, _ASYNCIO)) or _is_tool(name)


def _is_tool(name: str) -> bool:
    return any(f"/{tool}/" in name for tool in _TOOLS)


def _keeps_it(frame: FrameType) -> bool:
    """Whether the reader is a part of the library that hands no code object on."""
    file = frame.f_code.co_filename
    if file == inspect.__file__:
        return frame.f_code.co_name in _KEEPING_OF_INSPECT
    return file in _KEEPING or file.startswith(_ASYNCIO)
