"""What stands around tests: the setups of their module and class, and those of each test.

As pytest has it: that of a module or a class begins with the first of its tests, ends as soon as
a test outside comes, and where it fails, it fails for each of its tests.
"""

from __future__ import annotations

import inspect
import unittest
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import Any

Owner = ModuleType | type
AT_TOP = frozenset({
    "setUpModule", "tearDownModule", "setup_module", "teardown_module",
    "setup_function", "teardown_function",
})  # fmt: skip
"""Names of functions of a module that are known here."""
IN_CASE = frozenset({"setUpClass", "tearDownClass"})
"""Names of methods of a ``TestCase``."""
IN_CLASS = frozenset({"setup_class", "teardown_class", "setup_method", "teardown_method"})
"""Names of methods of any other test class."""
_MODULE_STARTS, _MODULE_ENDS = (
    ("setUpModule", "setup_module"),
    ("tearDownModule", "teardown_module"),
)


def around(module: ModuleType, kind: type | None = None) -> tuple[Owner, ...]:
    """Those of a test's module and class that have something to set up, the outer one first.

    Any ``TestCase`` has: a test may add what is to be cleaned up at the end of its class.
    """
    owners = list[Owner]()
    if not vars(module).keys().isdisjoint({*_MODULE_STARTS, *_MODULE_ENDS}):
        owners.append(module)
    if kind is not None and (
        issubclass(kind, unittest.TestCase) or not vars(kind).keys().isdisjoint(IN_CLASS)
    ):
        owners.append(kind)
    return tuple(owners)


def is_bare(owner: Owner) -> bool:
    """Whether nothing is set up or ended for single tests of a module or a class."""
    what = "function" if isinstance(owner, ModuleType) else "method"
    return not (hasattr(owner, f"setup_{what}") or hasattr(owner, f"teardown_{what}"))


@contextmanager
def around_one(owner: Owner, function: Callable[..., object]) -> Iterator[None]:
    """The setup of a single test: a function of a module, or a bound method of a class."""
    here, what = (owner, "function") if isinstance(owner, ModuleType) else (_of(function), "method")
    _call(getattr(here, f"setup_{what}", None), function)
    try:
        yield
    finally:  # also behind a test that fails, but not behind a setup that does
        _call(getattr(here, f"teardown_{what}", None), function)


def _of(method: Callable[..., object]) -> object:
    return getattr(method, "__self__", None)


@dataclass
class _Standing:
    owner: Owner
    ending: Iterator[None]
    error: BaseException | None = None
    trace: TracebackType | None = None


class Surroundings:
    """Those that stand now; each begins and ends once around tests that follow each other."""

    def __init__(self) -> None:
        self._all: list[_Standing] = []

    def reach_past(self, owners: Sequence[Owner]) -> bool:
        """Whether one stands that is none of ``owners``."""
        return bool(self._all) and not any(self._all[-1].owner is owner for owner in owners)

    def enter(self, owners: Sequence[Owner]) -> None:
        """Begin what does not stand.  Raises what a beginning raised, for each test again."""
        for owner in owners:
            found = next((one for one in self._all if one.owner is owner), None)
            if found is None:
                self._all.append(found := _Standing(owner, _steps(owner)))
                self._begin(found)
            if found.error is not None:
                raise found.error.with_traceback(found.trace)

    def leave(self, owners: Sequence[Owner] = ()) -> None:
        """End what is none of ``owners``, the inner one first.  Raises the first error."""
        errors = list[BaseException]()
        while self.reach_past(owners):
            last = self._all.pop()
            try:
                next(last.ending, None)
            except BaseException as error:  # noqa: BLE001 - foreign code, also an exit
                errors.append(error)
        if errors:
            raise errors[0]

    def _begin(self, one: _Standing) -> None:
        try:
            next(one.ending)
        except BaseException as error:  # noqa: BLE001 - kept, to be raised for each test
            one.error, one.trace = error, error.__traceback__


def _steps(owner: Owner) -> Iterator[None]:
    """Begins, yields, and ends."""
    if isinstance(owner, ModuleType):
        return _module(owner)
    return _case(owner) if issubclass(owner, unittest.TestCase) else _class(owner)


def _module(module: ModuleType) -> Iterator[None]:
    _call(_first(module, _MODULE_STARTS), module)
    yield
    _call(_first(module, _MODULE_ENDS), module)


def _class(kind: type) -> Iterator[None]:
    _call(_unbound(getattr(kind, "setup_class", None)), kind)
    yield
    _call(_unbound(getattr(kind, "teardown_class", None)), kind)


def _case(kind: type[unittest.TestCase]) -> Iterator[None]:
    try:
        kind.setUpClass()
    except Exception:  # after any other error no cleanup is called
        _clean_up(kind)
        raise
    yield
    try:
        kind.tearDownClass()
    finally:
        _clean_up(kind)


def _clean_up(kind: Any) -> None:
    kind.doClassCleanups()
    errors = [error for _, error, _ in kind.tearDown_exceptions]
    if errors:
        raise errors[0] if len(errors) == 1 else ExceptionGroup("class cleanups", errors)


def _first(module: ModuleType, names: Sequence[str]) -> Any:
    return next((getattr(module, n) for n in names if getattr(module, n, None)), None)


def _unbound(function: Any) -> Any:
    return getattr(function, "__func__", function)


def _call(function: Any, argument: object) -> None:
    """Hand it the argument if it takes one."""
    if function is None:
        return
    count = function.__code__.co_argcount - inspect.ismethod(function)
    function(*([argument] if count else []))
