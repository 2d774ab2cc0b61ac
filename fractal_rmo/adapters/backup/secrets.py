"""Files of secrets that a restore writes."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fractal_rmo.domain.errors import ErrorCode, InputError


@dataclass(frozen=True, slots=True)
class Secret:
    """A file for its owner only; what is ``precious`` is never overwritten, but set aside."""

    path: Path
    precious: bool = False

    def write(self, content: bytes, *, replace: bool) -> bool:
        """Write it whole; False when it is there already, with this content.

        Raises ``InputError`` (NOT_EMPTY) for another one that is precious, without ``replace``.
        """
        if self.path.exists():
            if self.path.read_bytes() == content:
                return False
            if self.precious:
                self._set_aside(replace=replace)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=self.path.name, dir=self.path.parent)
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
        Path(name).replace(self.path)
        return True

    def _set_aside(self, *, replace: bool) -> None:
        if not replace:
            words = f"{self.path} is another key than the backup's."
            raise InputError(ErrorCode.NOT_EMPTY, words)
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        self.path.replace(self.path.with_name(f"{self.path.name}.before-{moment}"))
