"""What is to be proven."""

from __future__ import annotations

from dataclasses import dataclass

from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.run import Limits
from fractal_rmo.domain.source import SourceTree

UNIT_LIMITS = Limits(wall_s=30.0, cpu_s=30)


@dataclass(frozen=True, slots=True)
class Subject:
    """Code with its tests.

    ``original`` is the code before a fix or a refactoring, None when there is
    none: some levels judge only what the change brought.  ``same_behaviour``
    says that the change is a refactoring, which must answer as the original
    did.  ``unit_limits`` is what one run of all tests may use.  ``stated`` are
    properties that a model stated of the code unseen, as documents
    (``validation.stated.reading``).  ``written`` says that the code was written
    for the tests, so that no file of it came with them.
    """

    code: SourceTree
    tests: SourceTree
    original: SourceTree | None = None
    unit_limits: Limits = UNIT_LIMITS
    same_behaviour: bool = False
    stated: tuple[JsonObject, ...] = ()
    written: bool = False

    @property
    def given(self) -> SourceTree:
        """The code that came with the tests."""
        if self.original is not None:
            return self.original
        return SourceTree() if self.written else self.code

    def files(self) -> dict[str, str]:
        """All files as a run wants them: below ``code/`` and ``tests/``."""
        code = {f"code/{path}": text for path, text in self.code.files.items()}
        return code | {f"tests/{path}": text for path, text in self.tests.files.items()}
