"""Stated properties out of a document, and the inputs that they are asked for."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.validation.generated.arguments import Arguments
from fractal_rmo.validation.generated.inputs import inputs_for
from fractal_rmo.validation.generated.targets import Target
from fractal_rmo.validation.stated.expression import Expression, is_free, read_expression
from fractal_rmo.validation.stated.refusing import PropertyRefusedError
from fractal_rmo.validation.stated.values import Values, read_values, rows

MOST_PROPERTIES, MOST_PARAMETERS = 8, 4
LONGEST_SENTENCE = 200
_SPARE = 4
"""So many times the inputs are made, for those that the description does not allow."""


@dataclass(frozen=True)
class StatedProperty:
    """``holds`` must be true of the ``parameters``' values, where ``given`` is.

    ``module`` is that of the functions; ``says`` is the sentence, ``described``
    the values of each parameter as they were described.
    """

    module: str
    says: str
    described: tuple[tuple[str, str], ...]
    holds: Expression
    given: Expression | None
    values: Mapping[str, Values] = field(compare=False, repr=False)

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions of the code that are called, each once."""
        given = self.given.functions if self.given else ()
        return tuple(sorted({*self.holds.functions, *given}))

    def allows(self, arguments: Arguments) -> bool:
        """Whether these are values of the parameters; ``given`` is asked in the jail."""
        pairs = zip(self.values.values(), arguments.args, strict=True)
        return all(each.holds(value) for each, value in pairs)

    def target(self) -> Target:
        """What the generator of inputs takes the property for: a function of its parameters."""
        names = ", ".join(self.values)
        tree = ast.parse(f"def stated({names}):\n    return {self.holds.text}\n")
        node = tree.body[0]
        assert isinstance(node, ast.FunctionDef)  # noqa: S101 - for mypy
        starts = rows([each.starts for each in self.values.values()])
        return Target(self.module, "stated", "", node, tree, tuple(map(Arguments, starts)))

    def inputs(self, most: int) -> list[Arguments]:
        """At most so many, in a repeatable order."""
        made = inputs_for(self.target(), _SPARE * most)
        return [one for one in made if self.allows(one)][:most]

    def as_json(self) -> dict[str, Json]:
        """As it was stated, in the form that ``read_property`` reads."""
        return {
            "module": self.module,
            "says": self.says,
            "parameters": [{"name": name, "values": text} for name, text in self.described],
            "given": self.given.text if self.given else "",
            "holds": self.holds.text,
        }


def read_property(document: Json) -> StatedProperty:
    """The property in an object of a document; raises ``PropertyRefusedError``."""
    if not isinstance(document, Mapping):
        raise PropertyRefusedError("A property is an object.")
    module = _text(document, "module")
    if not all(part.isidentifier() for part in module.split(".")):
        raise PropertyRefusedError(f"'{module[:60]}' is no name of a module.")
    described = _described(document)
    values = {name: read_values(text) for name, text in described}
    most = {name: each.most for name, each in values.items()}
    given = _text(document, "given")
    found = StatedProperty(
        module,
        _sentence(_text(document, "says")),
        described,
        read_expression(_text(document, "holds"), most),
        read_expression(given, most) if given not in ("", "True") else None,
        values,
    )
    if not found.holds.functions:
        raise PropertyRefusedError("The property calls no function of the code.")
    return found


def _described(document: JsonObject) -> tuple[tuple[str, str], ...]:
    listed = document.get("parameters")
    found: dict[str, str] = {}
    for one in listed if isinstance(listed, Sequence) and not isinstance(listed, str) else ():
        name = _text(one, "name") if isinstance(one, Mapping) else ""
        if not is_free(name) or name in found:
            raise PropertyRefusedError(f"'{name[:40]}' is no name for a parameter.")
        found[name] = _text(one, "values")[:400] if isinstance(one, Mapping) else ""
    if not 1 <= len(found) <= MOST_PARAMETERS:
        raise PropertyRefusedError(f"A property has 1 to {MOST_PARAMETERS} parameters.")
    return tuple(found.items())


def read_properties(listed: Json) -> tuple[tuple[StatedProperty, ...], tuple[str, ...]]:
    """(the properties that are let in, why others are not), each property once."""
    found: dict[str, StatedProperty] = {}
    refused: list[str] = []
    for one in listed if isinstance(listed, Sequence) and not isinstance(listed, str) else ():
        try:
            each = read_property(one)
            found.setdefault(f"{each.holds.text} {each.described}", each)
        except PropertyRefusedError as error:
            refused.append(str(error))
    kept = tuple(found.values())[:MOST_PROPERTIES]
    refused += ["One of too many."] * (len(found) - len(kept))
    return kept, tuple(refused[:MOST_PROPERTIES])


def _sentence(text: str) -> str:
    """One line of what a terminal or a page shows as it is."""
    line = " ".join(text.split())
    return "".join(each for each in line if each.isprintable())[:LONGEST_SENTENCE]


def _text(document: Mapping[str, Json], name: str) -> str:
    value = document.get(name)
    return value.strip() if isinstance(value, str) else ""
