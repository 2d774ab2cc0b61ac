"""What a module does, less how it is spelled: to tell whether two texts are one program.

A text is compiled in pieces, each from one ``def`` or ``class`` at the left margin to the next,
and what is known of a piece is kept: of a long file whose texts differ in one function, only that
is compiled anew.  Where the text before such a line compiles, the line begins a statement of its
own; where it does not (a decorator, a text of several lines), the line belongs to it.
"""

from __future__ import annotations
import __future__

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from types import CodeType

_BEGIN = re.compile(r"^(?:def\b|class\b|async[ \t]+def\b|@)", re.MULTILINE)
_GLOBAL = re.compile(r"^[ \t]*global\b", re.MULTILINE)
_FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
_TOGETHER = 3
"""Pieces that are tried as one; then the rest of the text is."""
_SHORT = 2_000
"""Characters of a piece that is kept with many others."""


def normal_form(text: str) -> bytes | None:
    """A digest of a module's bytecode without lines and places; None when it does not compile.

    Parentheses, layout and what the compiler folds make no difference.
    """
    found = blake2b()
    for form in _forms(text, _ends(text)):
        if form is None:
            return None
        if form != _EMPTY:
            found.update(form)
    return found.digest()


def _ends(text: str) -> list[int]:
    """Where pieces end; one piece where a later one would say something about all."""
    starts = [match.start() for match in _BEGIN.finditer(text) if match.start()]
    first = starts[0] if starts else len(text)
    is_one = text.rfind("__future__") > first or _GLOBAL.search(text)
    return [len(text)] if is_one else [*starts, len(text)]


def _forms(text: str, ends: list[int]) -> Iterator[bytes | None]:
    """Those of the pieces; None, and then no more, where one does not compile."""
    begin, flags, at = 0, 0, 0
    while at < len(ends):
        tried = sorted({*range(at, min(at + _TOGETHER, len(ends))), len(ends) - 1})
        found = ((n, _kept(text[begin : ends[n]], flags)) for n in tried)
        at, one = next(((n, one) for n, one in found if one), (len(ends), None))
        yield one and one[0]
        if one is None:
            return
        begin, flags, at = ends[at], flags or one[1], at + 1


_Form = tuple[bytes, int]
"""A digest, and the flags of what the text takes from ``__future__``."""


def _kept(piece: str, flags: int) -> _Form | None:
    return (_form_of_short if len(piece) <= _SHORT else _form_of_long)(piece, flags)


def _form(text: str, flags: int = 0) -> _Form | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code = compile(text, "<candidate>", "exec", flags, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    words = repr(_essence(code)).encode("utf-8", "backslashreplace")
    return blake2b(words).digest(), code.co_flags & _FUTURE


_form_of_short = lru_cache(maxsize=1 << 14)(_form)
_form_of_long = lru_cache(maxsize=1 << 6)(_form)


def _constant(value: object) -> object:
    """The same in every process, whatever its hashes are."""
    return ("frozenset", sorted(map(repr, value))) if isinstance(value, frozenset) else value


def _essence(code: CodeType) -> tuple[object, ...]:
    consts = [_essence(c) if isinstance(c, CodeType) else _constant(c) for c in code.co_consts]
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    shape = (code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount, code.co_flags)
    return code.co_name, code.co_code, consts, names, shape, code.co_exceptiontable


_EMPTY = (_form("") or (b"",))[0]
