"""Inputs that nobody chose: made near those of the tests, from type hints and from the code.

Values are changed as a fuzzer does it (neighbours, boundaries, empty, longer,
duplicates, other orders), mixed between the calls that the tests make, and
drawn at random under a fixed seed.  Everything is plain data of built-in types.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, zip_longest

from fractal_rmo.validation.generated.arguments import MAX_ARGUMENT_CHARS, Arguments
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.generated.hints import samples
from fractal_rmo.validation.generated.neighbours import Clues, clues_of, neighbours
from fractal_rmo.validation.generated.targets import Target

SEED = 20_011
_MAX_STARTS = 16
_MAX_MAKERS = 6
_ANYTHING: tuple[object, ...] = (
    0, [3, 1, 2], "ab C", 1, 2.5, "", (1, 2), -1, "a", [], 7, None, {"a": 1, "b": 2},
)  # fmt: skip
"""What stands for an argument of which nobody says anything."""


def calls_for(target: Target, count: int, guess: bool = False) -> list[Call]:
    """At most ``count`` different calls, with objects of methods made in up to six ways."""
    inputs = inputs_for(target, count, guess)
    maker = target.maker
    if maker is None or not inputs:
        return [Call(target, arguments) for arguments in inputs]
    makers = list(maker.examples) or list(_from_hints(maker.required(), maker.node, guess))
    makers = makers[:_MAX_MAKERS]
    turns = range(min(len(makers), 1 + count // len(inputs)))
    pairs = (
        Call(target, arguments, made=makers[(n + turn) % len(makers)])
        for turn in turns
        for n, arguments in enumerate(inputs)
    )
    return list(islice(pairs, count))


def inputs_for(target: Target, count: int, guess: bool = False) -> list[Arguments]:
    """At most ``count`` different arguments, those of the tests first; [] when none can be made.

    ``guess`` says that values of any type may stand for what neither tests nor hints say.
    """
    hinted = _from_hints(target.required(), target.node, guess and not target.examples)
    starts = [*target.examples, *islice(hinted, max(1, count // 4))]
    if not starts:
        return []
    clues = clues_of(target.node)
    found = {str(start): start for start in starts}
    near = [_near(start, clues) for start in starts[:_MAX_STARTS]]
    mixed = (one for row in zip_longest(*near) for one in row if one is not None)
    _take(found, mixed, count * 2 // 3)
    rng = random.Random(SEED)  # noqa: S311 - repeatable on purpose
    _take(found, islice(_drawn(starts, clues, rng), 2 * count), count)
    return list(found.values())[:count]


def _take(found: dict[str, Arguments], more: Iterable[Arguments], count: int) -> None:
    for arguments in more:
        if len(found) >= count:
            return
        text = str(arguments)
        if len(text) <= MAX_ARGUMENT_CHARS:
            found.setdefault(text, arguments)


def _from_hints(
    required: Sequence[ast.arg], node: ast.FunctionDef | None, guess: bool
) -> Iterator[Arguments]:
    """Calls with what the hints of the required parameters allow, if all are understood."""
    columns = [samples(arg.annotation) or (list(_ANYTHING) if guess else []) for arg in required]
    if not all(columns):
        return
    named = {arg.arg for arg in node.args.kwonlyargs} if node else set()
    places = [arg.arg for arg in required]
    longest = max(map(len, columns), default=1)
    for turn in range(2 * longest):
        row = [
            column[(turn + n * (turn // len(column))) % len(column)]
            for n, column in enumerate(columns)
        ]
        pairs = list(zip(places, row, strict=True))
        yield Arguments(
            tuple(value for name, value in pairs if name not in named),
            tuple((name, value) for name, value in pairs if name in named),
        )


def _near(start: Arguments, clues: Clues) -> Iterator[Arguments]:
    """The call with one of its values changed, each in turn, also to another of its values."""
    values = start.values
    columns = [
        [(n, other) for other in (*_alike(value, values), *neighbours(value, clues))]
        for n, value in enumerate(values)
    ]
    for row in zip_longest(*columns):
        for change in row:
            if change is not None:
                n, other = change
                yield start.with_values((*values[:n], other, *values[n + 1 :]))


def _alike(value: object, others: Sequence[object]) -> list[object]:
    """Other arguments of the same type: where two are compared, equal ones are a side of it."""
    return [other for other in others if type(other) is type(value) and other != value][:3]


def _drawn(starts: Sequence[Arguments], clues: Clues, rng: random.Random) -> Iterator[Arguments]:
    """Calls of which each value comes from some call of the tests, and may be changed twice."""
    shapes = [_shape(start) for start in starts]
    alike = {s: [start.values for start in starts if _shape(start) == s] for s in set(shapes)}
    steps: dict[str, list[object]] = {}  # the same values are met again and again
    while True:
        n = rng.randrange(len(starts))
        columns = zip(*alike[shapes[n]], strict=True)
        values = []
        for column in columns:
            value = rng.choice(column)
            for _ in range(rng.randrange(3)):
                text = repr(value)
                if text not in steps:
                    steps[text] = neighbours(value, clues)
                value = rng.choice(steps[text] or [value])
            values.append(value)
        yield starts[n].with_values(values)


def _shape(arguments: Arguments) -> tuple[int, tuple[str, ...]]:
    return len(arguments.args), tuple(name for name, _ in arguments.named)
