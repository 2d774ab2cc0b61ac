"""What is to be proven."""

from __future__ import annotations

from dataclasses import dataclass

from fractal_rmo.domain.source import SourceTree


@dataclass(frozen=True, slots=True)
class Subject:
    """Code with its tests.

    ``original`` is the code before a fix or a refactoring, None when there is
    none: some levels judge only what the change brought.
    """

    code: SourceTree
    tests: SourceTree
    original: SourceTree | None = None

    def files(self) -> dict[str, str]:
        """All files as a run wants them: below ``code/`` and ``tests/``."""
        code = {f"code/{path}": text for path, text in self.code.files.items()}
        return code | {f"tests/{path}": text for path, text in self.tests.files.items()}
