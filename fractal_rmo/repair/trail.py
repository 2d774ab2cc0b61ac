"""Where a search stands, kept between its slices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.priors import Shape
from fractal_rmo.editing.edit import Edit
from fractal_rmo.repair.candidates import Kind, Proposal
from fractal_rmo.repair.ways import Way

_WAYS = ("ways", "near", "won", "layer", "winners")


@dataclass(frozen=True)
class Trail:
    """Where a search stands beside its position: what a later slice needs to go on.

    ``ways`` are those that may be followed by an edit, with how many were tried when the
    present round ``begun``, at that position; ``near`` are the best ways of the round so far.
    ``flaky`` are tests that judged the code as it is in two ways, so that nothing is
    judged by them.  ``known`` are the edits of all ways that were ever followed, in order.
    Before any way but the code as it is is followed, ``won`` are the best of those that won tests
    in this round; while there is a ``layer``, each of it is made with each of the ``winners``.
    """

    ways: tuple[Way, ...] = (Way(),)
    begun: int = 0
    near: tuple[Way, ...] = ()
    flaky: tuple[str, ...] = ()
    known: tuple[Kind, ...] = ()
    won: tuple[Way, ...] = ()
    layer: tuple[Way, ...] = ()
    winners: tuple[Way, ...] = ()

    @property
    def followed(self) -> tuple[Way, ...]:
        """What the candidates of this round have one edit more than."""
        return self.layer or self.ways

    def as_json(self) -> JsonObject:
        """For keeping."""
        return {
            **{name: [_way_as_json(way) for way in getattr(self, name)] for name in _WAYS},
            "begun": self.begun,
            "flaky": list(self.flaky),
            "known": [list(kind) for kind in self.known],
        }


BEGINNING = Trail()


def read_trail(value: Json) -> Trail:
    """What ``as_json`` gave, of an older version as well; the beginning for anything else."""
    try:
        assert isinstance(value, Mapping)  # noqa: S101 - as below
        ways = {name: tuple(map(_read_way, value.get(name) or ())) for name in _WAYS}  # type: ignore[arg-type]
        flaky = tuple(map(str, value.get("flaky") or ()))  # type: ignore[arg-type]
        known = tuple(_read_kind(kind) for kind in value.get("known") or ())  # type: ignore[union-attr]
        return Trail(begun=int(value["begun"]), flaky=flaky, known=known, **ways)  # type: ignore[arg-type]
    except (AssertionError, KeyError, TypeError, ValueError):
        return BEGINNING


def _way_as_json(way: Way) -> Json:
    steps: list[Json] = [{**asdict(step), "shape": step.shape.value} for step in way.steps]
    told: JsonObject = {"key": way.key, "nearer": way.nearer, "seen": way.seen}
    won: JsonObject = {"won": sorted(way.won)}
    counts: JsonObject = {"tried": way.tried, "known": way.known}
    return {"steps": steps, "gain": list(way.gain), **told, **won, **counts}


def _read_way(value: Json) -> Way:
    found: dict[str, object] = dict(value)  # type: ignore[arg-type]
    steps = tuple(
        Proposal(
            **{**step, "edit": Edit(**step["edit"]), "shape": Shape(step.get("shape", "other"))}
        )
        for step in found["steps"]  # type: ignore[attr-defined]
    )
    passed, further = found["gain"]  # type: ignore[misc]
    nearer = float(found.get("nearer", 0.0))  # type: ignore[arg-type]
    won = frozenset(map(str, found.get("won") or ()))  # type: ignore[call-overload]
    seen, counts = str(found.get("seen", "")), (found.get("tried", 0), found.get("known", 0))
    tried, known = (int(str(count)) for count in counts)
    return Way(steps, (passed, further), str(found["key"]), nearer, seen, won, tried, known)  # type: ignore[has-type]


def _read_kind(value: Json) -> Kind:
    path, operator, description, text = map(str, value)  # type: ignore[arg-type]
    return path, operator, description, text
