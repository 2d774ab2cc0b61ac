"""What was learned: versions of protocols, and learning now instead of within the hour."""

from __future__ import annotations

import json
import sys
import time

import click

from fractal_rmo.cli.follow import connect
from fractal_rmo.cli.group import json_option


@click.command()
@click.option(
    "--seconds",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    help="Replay stored tasks for so long; what is left the cluster does.",
)
@json_option
def learn(seconds: float, as_json: bool) -> None:
    """Make patterns and a candidate protocol now, and judge it by replays."""
    from fractal_rmo.services.learn import learn as learn_now
    from fractal_rmo.services.learn import replay

    tools, ends = connect(), time.monotonic() + seconds
    learned = learn_now(tools)
    replayed, decided, more = 0, list[str](), bool(learned["judging"])
    while more and time.monotonic() < ends:
        done = replay(tools)
        replayed, more = replayed + done.replayed, done.more
        decided += done.decided
    if as_json:
        found = {**learned, "replayed": replayed, "decided": decided, "more": more}
        click.echo(json.dumps(found))
        return
    click.echo(f"new patterns: {learned['new_patterns']}")
    click.echo(f"candidate protocol: {learned['protocol_proposed'] or 'none'}")
    click.echo(f"tasks replayed: {replayed}; {', '.join(decided) or 'nothing was decided'}")


@click.group()
def protocols() -> None:
    """Versions of the rules that agents work by."""


@protocols.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all versions, newest first."""
    from fractal_rmo.cli.views import protocols_table
    from fractal_rmo.services.protocols import protocol_document, protocol_rows

    rows = protocol_rows(connect())
    if as_json:
        click.echo(json.dumps([protocol_document(row) for row in rows]))
    else:
        click.echo(protocols_table(rows), nl=False)


@protocols.command()
@click.argument("version", metavar="NAME/VERSION")
@json_option
def show(version: str, as_json: bool) -> None:
    """Show the edits of a version, where they come from, and each look at its experiment."""
    from fractal_rmo.cli.views import print_protocol
    from fractal_rmo.services.protocols import protocol_document, protocol_row

    row = protocol_row(version, connect())
    if as_json:
        click.echo(json.dumps(protocol_document(row)))
    else:
        print_protocol(row, sys.stdout)


@protocols.command()
def rollback() -> None:
    """Put the version before the one in force in its place."""
    from fractal_rmo.services.protocols import roll_back

    click.echo(f"in force: {roll_back(connect())}")


COMMANDS = {str(command.name): command for command in (learn, protocols)}
