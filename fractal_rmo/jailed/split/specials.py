"""Methods that Python calls by itself, and that a stand-in therefore forwards."""

from __future__ import annotations


def _named(words: str) -> frozenset[str]:
    return frozenset(f"__{word}__" for word in words.split())


_ARITHMETIC = (
    "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or "
    "radd rsub rmul rmatmul rtruediv rfloordiv rmod rdivmod rpow rlshift rrshift rand rxor ror "
    "iadd isub imul imatmul itruediv ifloordiv imod ipow ilshift irshift iand ixor ior"
)
BINARY = _named(f"eq ne lt le gt ge {_ARITHMETIC}")
"""Operators that may leave the answer to the other operand."""
ASKING_OPERAND = BINARY | _named("contains getitem")
"""Methods that comparisons of the tests call on what they take for plain data."""
SPECIALS = ASKING_OPERAND | _named(
    "hash bool len iter next setitem delitem reversed call enter exit "
    "neg pos abs invert int float complex index round trunc floor ceil str repr format bytes"
)
