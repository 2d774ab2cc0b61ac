"""What ``pytest.mark.parametrize`` makes of one test, without pytest's session.

Values and ids come from the very classes that pytest's session uses, so that
an id never differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any

from fractal_rmo.jailed.programs.quick_support import parameter_names

_Row = tuple[str, Mapping[str, object]]


def variants(name: str, function: Callable[..., object]) -> Iterator[_Row]:
    """Each (test id, arguments) of a test; itself without arguments when it has no marks.

    The mark nearest to the function varies slowest and comes first in the id.
    Raises ``ValueError`` for marks that do not fit, as pytest refuses them.
    """
    marks = [m for m in getattr(function, "pytestmark", []) if m.name == "parametrize"]
    if not marks:
        yield name, {}
        return
    for rows in product(*(list(_rows(mark)) for mark in marks)):
        arguments = {key: value for _, values in rows for key, value in values.items()}
        yield f"{name}[{'-'.join(label for label, _ in rows)}]", arguments


def _rows(mark: Any) -> Iterator[_Row]:
    """The (id, arguments) that one mark stands for."""
    from _pytest.mark.structures import ParameterSet  # only where pytest is loaded anyway
    from _pytest.python import IdMaker

    spelled, values = mark.args
    names = parameter_names(spelled)
    bare = isinstance(spelled, str) and len(names) == 1 and not spelled.rstrip().endswith(",")
    sets = [ParameterSet.extract_from(value, force_tuple=bare) for value in values]
    ids = mark.kwargs.get("ids")
    label = ids if callable(ids) else None
    labels = None if ids is None or label else _as_many(ids, len(sets))
    maker = IdMaker(names, sets, label, labels, None, None)
    for made, row in zip(maker.make_unique_parameterset_ids(), sets, strict=True):
        yield str(made), dict(zip(names, row.values, strict=True))


def _as_many(ids: Any, count: int) -> Sequence[object]:
    """The given ids, of which an empty list means none and a generator has enough."""
    if hasattr(ids, "__len__") and len(ids) not in (0, count):
        raise ValueError(f"{count} parameter sets specified, with {len(ids)} ids")
    return list(islice(ids, count))
