"""The audit log, as the entrances see it."""

from __future__ import annotations

from typing import Protocol

from fractal_rmo.domain.audit import Audit


class AuditStore(Protocol):
    """The hash chain over all messages."""

    def verify(self, expected_hash: str = "", expected_position: int = 0) -> Audit:
        """Walk the whole chain against the messages.

        An expected position must be reached, and an expected hash be met there
        (anywhere, without a position): an earlier run's last ones show that
        nothing was cut off since.  The chain may have grown.
        """
