"""``fractal-rmo audit``: whether the log of all messages is as it was written."""

from __future__ import annotations

import json
import sys

import click

from fractal_rmo.cli.follow import connect
from fractal_rmo.cli.group import NOT_PROVEN, json_option
from fractal_rmo.domain.audit import Audit
from fractal_rmo.domain.errors import CATALOGUE, ErrorCode


@click.group()
def audit() -> None:
    """The hash chain over all messages between agents."""


@audit.command()
@click.option(
    "--expect-hash",
    default="",
    metavar="HASH",
    help="A hash that an earlier run printed: the chain must still hold it.",
)
@click.option(
    "--expect-position",
    type=click.IntRange(1),
    default=None,
    metavar="N",
    help="A position that an earlier run printed: the chain must reach it.",
)
@json_option
def verify(expect_hash: str, expect_position: int | None, as_json: bool) -> None:
    """Walk the chain; 1 names the first position that does not hold.

    Note the last position and hash in another place: only they show that nothing was cut off.
    """
    found = connect().audit.verify(expect_hash.lower(), expect_position or 0)
    if as_json:
        click.echo(json.dumps(_document(found)))
    elif found.broken_at:
        code = ErrorCode.BROKEN_CHAIN
        click.echo(f"position {found.broken_at} does not hold: {found.trouble}")
        click.echo(f"error: {code} {CATALOGUE[code].title} {CATALOGUE[code].remedy}", err=True)
    else:
        click.echo(f"{found.position} messages hold; the last hash is {found.hash}")
    sys.exit(NOT_PROVEN if found.broken_at else 0)


def _document(found: Audit) -> dict[str, object]:
    return {
        "holds": not found.broken_at,
        "position": found.position,
        "hash": found.hash,
        "broken_at": found.broken_at or None,
        "trouble": found.trouble,
    }


COMMANDS = {"audit": audit}
