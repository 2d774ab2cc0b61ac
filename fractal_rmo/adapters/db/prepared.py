"""Statements that each connection plans once.

Planning takes most of the time of a claim or a finish (measured: 0.75 of
1.15 ms); psycopg2 prepares nothing by itself.  They are handed to the driver as
they are: SQLAlchemy's own share of a statement was twice the driver's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import PoolProxiedConnection

LAZILY = "set_config('synchronous_commit', 'off', true)"
"""In what a statement selects: its commit does not wait for the disk.

The log is written in order, so whatever waits later takes this along.
"""
_PLACE = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")


@dataclass(frozen=True)
class Prepared:
    """A statement with ``:name`` places, whose PostgreSQL types ``types`` gives by name."""

    name: str
    sql: str
    types: Mapping[str, str]

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The names, in the order of their first use."""
        return tuple(dict.fromkeys(_PLACE.findall(self.sql)))

    @cached_property
    def definition(self) -> str:
        """The PREPARE command."""
        kinds = ", ".join(self.types[place] for place in self.places)
        body = _PLACE.sub(lambda found: f"${self.places.index(found[1]) + 1}", self.sql)
        return f"PREPARE {self.name} ({kinds}) AS {body}"

    @cached_property
    def call(self) -> str:
        """The EXECUTE command, in the driver's style: there is nothing to compile."""
        return f"EXECUTE {self.name} ({', '.join(f'%({place})s' for place in self.places)})"

    def first(
        self, opened: PoolProxiedConnection, values: Mapping[str, object]
    ) -> Mapping[str, Any] | None:
        """The first row by its columns' names, or None.

        Prepares the statement on a connection that has not.  Raises the driver's own errors.
        """
        known = opened.info.setdefault("prepared", set())
        cursor = opened.cursor()
        if self.name not in known:
            cursor.execute(self.definition)
            known.add(self.name)
        cursor.execute(self.call, values)
        found = cursor.fetchone()
        if found is None:
            return None
        names = (column[0] for column in cursor.description)
        return dict(zip(names, found, strict=True))
