"""A proof as one signed file that another machine can check and repeat.

The document holds what was judged (texts), what was claimed (verdicts, with
their commands, seeds and tool versions) and under which circumstances.  Each
field has its SHA-256 digest, and the signature covers all digests, so that a
change is found and named.  A signature says who made the file; only the
repetition says that it is true.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.domain.verdict import Level, Outcome, Verdict, is_proven
from fractal_rmo.ports.signing import Checker, Signer
from fractal_rmo.services.documents import verdict_document
from fractal_rmo.validation.subject import Subject

SCHEMA = "fractal-rmo/proof/1"
MAX_BYTES = 16 << 20
_SIGNED_APART = ("digests", "signature")
_DEEPEST = 3
"""``/verdicts/2/outcome`` is a field of its own, and so is ``/code/solution.py``."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A bundle that was read.

    ``signer`` is the fingerprint of the key; ``python`` names the interpreter
    whose packages the code needed.
    """

    kind: TaskKind
    level: Level
    subject: Subject
    claimed: Mapping[Level, Outcome]
    tools: Mapping[str, str]
    made: Mapping[str, str] = field(default_factory=dict)
    python: str = ""
    signer: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One level, as it was claimed and as it is here; None where it was not climbed."""

    level: Level
    then: Outcome | None
    now: Outcome | None
    summary: str
    """What was seen now."""

    @property
    def holds(self) -> bool:
        """Whether what was claimed is seen again."""
        return self.then == self.now

    def as_json(self) -> dict[str, Json]:
        """For a program."""
        return {**asdict(self), "holds": self.holds}


@dataclass(frozen=True, slots=True)
class Verification:
    """What the repetition of a proof showed.

    ``tools`` maps each tool whose version differs to the two versions, "" where it was not used.
    """

    levels: tuple[Comparison, ...]
    tools: Mapping[str, tuple[str, str]]
    proven: bool
    """Whether what was seen now proves the level that the bundle is about."""

    @property
    def holds(self) -> bool:
        """Whether every level ends as it was claimed, and that proves something.

        A claim that tests fail may well be true, but is no proof.
        """
        return self.proven and all(row.holds for row in self.levels)


def make(
    kind: TaskKind,
    level: Level,
    subject: Subject,
    verdicts: Sequence[Verdict],
    *,
    python: str,
    made: Mapping[str, str],
    signer: Signer,
) -> dict[str, Json]:
    """The bundle; ``made`` says when, by which version and on what it was made."""
    task: dict[str, Json] = {"kind": kind.value, "level": int(level), "python": python}
    if subject.same_behaviour:  # absent from proofs of what need not answer as before
        task["same_behaviour"] = True
    body: dict[str, Json] = {
        "schema": SCHEMA,
        "made": dict(made),
        "task": task,
        "code": dict(subject.code.files),
        "tests": dict(subject.tests.files),
        "original": dict(subject.original.files) if subject.original else None,
        "verdicts": [verdict_document(verdict) for verdict in verdicts],
    }
    # as a reader will see it; JSON has no NaN, though evidence may
    body = json.loads(json.dumps(body, default=dict), parse_constant=str)
    digests = _digests(body)
    signature: dict[str, Json] = {
        "algorithm": signer.algorithm,
        "public_key": signer.public_key,
        "value": signer.sign(_canonical(digests)),
    }
    return {**body, "digests": digests, "signature": signature}


def read(text: str, check: Checker) -> Proof:
    """A bundle whose fields and signature fit.

    Raises ``InputError`` (BAD_PROOF), which names the field that does not.
    """
    document = _parsed(text)
    _refuse_changes(document)
    signature = _object(document, "signature")
    algorithm, key, value = (str(signature.get(n)) for n in ("algorithm", "public_key", "value"))
    if not check(algorithm, key, value, _canonical(document["digests"])):
        raise _bad("The field '/signature' does not fit the others.")
    try:
        return _proof(document, fingerprint(key))
    except (KeyError, TypeError, ValueError) as error:
        raise _bad(f"A field is not of the form that {SCHEMA} has: {error}.") from error


def fingerprint(public_key: str) -> str:
    """32 hex digits of the key's digest, to be told on the telephone."""
    return hashlib.sha256(public_key.encode()).hexdigest()[:32]


def compare(proof: Proof, verdicts: Sequence[Verdict]) -> Verification:
    """What was claimed beside what is seen now."""
    seen = {verdict.level: verdict for verdict in verdicts}
    rows = tuple(
        Comparison(
            level,
            proof.claimed.get(level),
            seen[level].outcome if level in seen else None,
            seen[level].summary if level in seen else "",
        )
        for level in Level
        if level in proof.claimed or level in seen
    )
    now = {name: version for verdict in verdicts for name, version in verdict.tools.items()}
    names = sorted({*proof.tools, *now})
    pairs = {name: (proof.tools.get(name, ""), now.get(name, "")) for name in names}
    differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return Verification(rows, differing, is_proven(verdicts, proof.level))


def _parsed(text: str) -> dict[str, Json]:
    try:
        document = json.loads(text, object_pairs_hook=_without_repetition)
        _canonical(document)  # JSON has no NaN, though this reader takes it
    except (ValueError, RecursionError) as error:
        raise _bad(f"The file is no JSON document: {error}.") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _bad(f"The field '/schema' does not say '{SCHEMA}'.")
    return document


def _without_repetition(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Another reader might take the first of two values under one name."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse_changes(document: Mapping[str, Json]) -> None:
    claimed, found = _object(document, "digests"), _digests(document)
    for place in sorted({*claimed, *found}):
        if place not in found:
            raise _bad(f"The field '{place}' is missing.")
        if place not in claimed:
            raise _bad(f"The field '{place}' was added after the proof was made.")
        if claimed[place] != found[place]:
            raise _bad(f"The field '{place}' was changed after the proof was made.")


def _digests(document: Mapping[str, Json]) -> dict[str, Json]:
    body = {name: value for name, value in document.items() if name not in _SIGNED_APART}
    return {
        place: hashlib.sha256(_canonical(value)).hexdigest() for place, value in _fields(body, "")
    }


def _fields(value: Json, place: str) -> Iterator[tuple[str, Json]]:
    """Each field with its JSON pointer (RFC 6901), at most ``_DEEPEST`` steps down."""
    inner: Mapping[str, Json] = {}
    if place.count("/") < _DEEPEST and isinstance(value, Mapping):
        inner = value
    elif place.count("/") < _DEEPEST and isinstance(value, list):
        inner = {str(number): item for number, item in enumerate(value)}
    if not inner:
        yield place, value
    for name, item in inner.items():
        yield from _fields(item, f"{place}/{name.replace('~', '~0').replace('/', '~1')}")


def _canonical(value: Json) -> bytes:
    """The same bytes for the same value; raises ``ValueError`` for NaN."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def _proof(document: Mapping[str, Json], signer: str) -> Proof:
    task, original = _object(document, "task"), document["original"]
    verdicts = document["verdicts"]
    if not isinstance(verdicts, list):
        raise TypeError("'/verdicts' is no list")
    tools: dict[str, str] = {}
    claimed: dict[Level, Outcome] = {}
    for verdict in verdicts:
        level = Level(verdict["level"])
        if level in claimed:
            raise ValueError(f"level {level} stands twice in '/verdicts'")
        claimed[level] = Outcome(verdict["outcome"])
        tools |= _texts(verdict, "tools")
    kind = TaskKind(str(task["kind"]))
    subject = Subject(
        SourceTree(_texts(document, "code")),
        SourceTree(_texts(document, "tests")),
        None if original is None else SourceTree(_texts(document, "original")),
        same_behaviour=task.get("same_behaviour") is True,
        written=kind is TaskKind.GENERATE,
    )
    return Proof(
        kind,
        Level(task["level"]),  # type: ignore[arg-type]
        subject,
        claimed,
        tools,
        _texts(document, "made"),
        _text(task, "python"),
        signer,
    )


def _object(document: JsonObject, name: str) -> Mapping[str, Json]:
    value = document.get(name)
    if not isinstance(value, Mapping):
        raise _bad(f"The field '/{name}' is no object.")
    return value


def _texts(document: JsonObject, name: str) -> dict[str, str]:
    inner = _object(document, name)
    return {key: _text(inner, key) for key in inner}


def _text(document: JsonObject, name: str) -> str:
    value = document[name]
    if not isinstance(value, str):
        raise TypeError(f"'{name}' is no text")
    return value


def _bad(detail: str) -> InputError:
    return InputError(ErrorCode.BAD_PROOF, detail)
