"""What generated inputs show and nobody has promised: questions for a person, never a failure."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.validation.generated.answers import Answer, agree, printable
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.generated.targets import Target
from fractal_rmo.validation.property.slips import Slips

MAX_CHAINED = 40
_PAIRS = (
    ("encode", "decode"), ("encrypt", "decrypt"), ("compress", "decompress"), ("dump", "load"),
    ("serialize", "deserialize"), ("dumps", "loads"), ("format", "parse"), ("pack", "unpack"),
    ("escape", "unescape"), ("quote", "unquote"), ("to", "from"), ("flatten", "unflatten"),
)  # fmt: skip
_IDEMPOTENT = (
    "sort", "sorted", "normalize", "normalise", "canonicalize", "canonicalise", "clean", "strip",
    "trim", "dedupe", "deduplicate", "unique", "simplify",
)  # fmt: skip
_SLIPS = ("IndexError", "KeyError", "ZeroDivisionError", "TypeError", "AttributeError",
          "UnboundLocalError", "RecursionError", "SystemExit")  # fmt: skip


@dataclass(frozen=True)
class Note:
    """A question: its kind, the call to paste, and what was seen."""

    kind: str
    call: str
    says: str

    def as_json(self) -> dict[str, Json]:
        """For the evidence."""
        return {"kind": self.kind, "call": printable(self.call, 600), "says": self.says}


Asked = Sequence[tuple[Call, Answer]]


def crashes(asked: Asked, slips: Slips) -> Iterator[Note]:
    """For each function and way to crash the shortest call that did."""
    found = (
        ((call.target.place, answer.error), call, answer)
        for call, answer in asked
        if answer.state == "gone" or (answer.error in _SLIPS and slips.is_crash(answer))
    )
    for call, answer in _shortest(found):
        yield Note("crash", str(call), f"It {answer}; is that meant?")


def changed_arguments(asked: Asked) -> Iterator[Note]:
    """For each function the shortest call that changed what it was given."""
    found = ((call.target.place, call, answer) for call, answer in asked if answer.changed)
    for call, _ in _shortest(found):
        yield Note("changed argument", str(call), "It changes its argument; is that meant?")


def differences(asked: Asked, before: Sequence[Answer], most: int = 3) -> Iterator[Note]:
    """Generated calls, at most ``most`` a function, that the original answered otherwise."""
    rows = sorted(zip(asked, before, strict=True), key=lambda row: len(str(row[0][0])))
    counts: Counter[str] = Counter()
    for (call, answer), old in rows:
        chosen = call.arguments in call.target.examples  # there the tests say what is right
        if chosen or agree(old, answer) or counts[call.target.place] >= most:
            continue
        counts[call.target.place] += 1
        says = f"Before, it {old}; now it {answer}. Is that meant?"
        yield Note("differs from the original", str(call), says)


def chained(calls: Iterable[Call]) -> list[Call]:
    """Calls whose answers are passed on: to the inverse by name, or to the function itself."""
    made: list[Call] = []
    counts: Counter[str] = Counter()
    for call in calls:
        counts[call.target.place] += 1
        if (
            call.made is None
            and len(call.arguments.values) == 1
            and counts[call.target.place] <= MAX_CHAINED
        ):
            name = call.target.name
            then = (
                *inverses(call.target),
                *([name] if _words(name).intersection(_IDEMPOTENT) else []),
            )
            made += [Call(call.target, call.arguments, (other,)) for other in then]
    return made


def inverses(target: Target) -> Iterator[str]:
    """Functions of the same module whose name says that they undo this one."""
    beside = {node.name for node in target.tree.body if isinstance(node, ast.FunctionDef)}
    words = target.name.split("_")
    for one, two in _PAIRS:
        for here, there in ((one, two), (two, one)):
            name = "_".join(there if word == here else word for word in words)
            if name != target.name and name in beside:
                yield name


def chains(asked: Asked, plain: Mapping[str, Answer]) -> Iterator[Note]:
    """Round trips that do not come home, and a second application that still changes something."""
    found: list[tuple[Hashable, Call, Answer]] = []
    for call, answer in asked:
        is_again = call.then == (call.target.name,)
        first = plain.get(str(replace(call, then=())))
        if first is None or answer.state != "value" or first.state != "value":
            continue
        home = repr(call.arguments.values[0])
        same = agree(first, answer) if is_again else answer.text == printable(home)
        if not same:
            found.append(((call.target.place, *call.then), call, answer))
    for call, answer in _shortest(found):
        kind = "not idempotent" if call.then == (call.target.name,) else "no round trip"
        yield Note(kind, str(call), f"It {answer}; is that meant?")


def _words(name: str) -> frozenset[str]:
    return frozenset(name.lower().split("_"))


def _shortest(found: Iterable[tuple[Hashable, Call, Answer]]) -> list[tuple[Call, Answer]]:
    """The shortest call of each group."""
    best: dict[Hashable, tuple[Call, Answer]] = {}
    for key, call, answer in sorted(found, key=lambda row: len(str(row[1]))):
        best.setdefault(key, (call, answer))
    return list(best.values())
