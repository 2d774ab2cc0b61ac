"""Fixtures without pytest's session: those of a test's own file, and the three used most.

What ``capsys``, ``monkeypatch`` and ``tmp_path`` hand out comes from the very classes that
pytest's session uses.
"""

from __future__ import annotations

import inspect
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FunctionType, MappingProxyType
from typing import Any

Fixtures = Mapping[str, Any]
"""Fixture definitions of one file by name; None for those that are offered here."""


def fixtures_for(function: FunctionType, own: Fixtures) -> Fixtures:
    """Those that a test of a file may name."""
    named = function.__code__.co_varnames
    return {**{name: None for name in OFFERED if name in named}, **own}


def parameters(function: Callable[..., object]) -> list[str]:
    """What a test or a fixture asks for: a plain function, or a method of an instance."""
    code = getattr(function, "__func__", function).__code__  # asked of each candidate anew
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return [name for name in names if name != "self"]


@contextmanager
def arranged(function: Callable[..., object], fixtures: Fixtures) -> Iterator[Mapping[str, object]]:
    """A test's fixtures, made anew in the order in which it names them, and ended in reverse."""
    with ExitStack() as ends:
        making = _Making(fixtures, ends)
        names = parameters(function) if fixtures else ()
        yield {name: making.value(name) for name in names if name in fixtures}


class _Making:
    def __init__(self, fixtures: Fixtures, ends: ExitStack) -> None:
        self._fixtures, self._ends = fixtures, ends
        self._made: dict[str, object] = {}

    def value(self, name: str) -> object:
        """What a fixture made, once for all that ask for it."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> object:
        own = self._fixtures.get(name)
        if own is None:
            return OFFERED[name](self._ends)
        function = own._get_wrapped_function()  # pylint: disable=protected-access
        made = function(**{n: self.value(n) for n in parameters(function)})
        return self._first(name, made) if inspect.isgeneratorfunction(function) else made

    def _first(self, name: str, values: Generator[object]) -> object:
        """What a fixture yields; the rest of it is for the end, however the test ended."""
        for value in values:
            self._ends.callback(_finish, name, values)
            return value
        raise ValueError(f"{name} did not yield a value")


def _finish(name: str, values: Generator[object]) -> None:
    for _ in values:
        raise ValueError(f"{name} has more than one 'yield'")


def _capsys(ends: ExitStack) -> object:
    from _pytest.capture import CaptureFixture, SysCapture  # only where pytest is loaded anyway

    # its request is asked for by disabled() alone
    made: Any = CaptureFixture(SysCapture, None, _ispytest=True)  # type: ignore[arg-type]
    made._start()  # pylint: disable=protected-access
    ends.callback(made.close)
    return made


def _monkeypatch(ends: ExitStack) -> object:
    import pytest  # as above

    made = pytest.MonkeyPatch()
    ends.callback(made.undo)
    return made


def _tmp_path(ends: ExitStack) -> object:
    made = Path(tempfile.mkdtemp()).resolve()
    ends.callback(shutil.rmtree, made, ignore_errors=True)
    return made


OFFERED: Mapping[str, Callable[[ExitStack], object]] = MappingProxyType(
    {"capsys": _capsys, "monkeypatch": _monkeypatch, "tmp_path": _tmp_path}
)
"""Each makes its value, and says how it ends."""
