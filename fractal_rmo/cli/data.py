"""Commands for what is kept: back it up, restore it, bring its tables up to date."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import click

from fractal_rmo.cli.follow import say
from fractal_rmo.cli.group import json_option
from fractal_rmo.cli.progress import Line

_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
_MEGABYTE = 1_000_000


def _shown(line: Line, stage: str) -> Callable[[str, int], None]:
    return lambda member, done: line.show(stage, member, done // _MEGABYTE)


def _reach_database(*, to_change_tables: bool) -> None:
    from fractal_rmo.bootstrap.servers import reach_database

    if reach_database(to_change_tables=to_change_tables):
        say("started the embedded servers; 'fractal-rmo down' stops them")


@click.command()
@_file
@json_option
def backup(file: Path, as_json: bool) -> None:
    """Write everything into FILE while the cluster works: the tables and the secrets made here.

    The file is readable by you alone. Settings, such as SECRET_KEY, are not in it, nor the broker:
    what is queued there is queued in the tables.
    """
    from fractal_rmo.bootstrap.data import backup as save

    _reach_database(to_change_tables=False)
    with Line(sys.stderr, "MB") as line:
        manifest = save(file, _shown(line, "backup"))
    rows = {name: table.rows for name, table in manifest.tables.items()}
    secrets = sorted(
        name.partition("/")[2] for name in manifest.members if name.startswith("secrets/")
    )
    document = {
        "file": str(file),
        "bytes": file.stat().st_size,
        "version": manifest.version,
        "revision": manifest.revision,
        "created_at": manifest.created_at,
        "rows": rows,
        "secrets": secrets,
    }
    if as_json:
        click.echo(json.dumps(document))
        return
    tasks = rows.get("tasks", 0)
    click.echo(f"wrote {file}: {tasks} tasks, {sum(rows.values())} rows, {document['bytes']} bytes")
    click.echo(
        f"with the secrets {', '.join(secrets)}" if secrets else "without secrets: none made"
    )


@click.command()
@_file
@json_option
@click.option("--replace", is_flag=True, help="Delete the data that are there.")
def restore(file: Path, as_json: bool, replace: bool) -> None:
    """Put what FILE holds in place; on any error nothing is changed.

    The processes of the cluster must be stopped. What was under way when the file was written goes
    on when they are started again.
    """
    from fractal_rmo.bootstrap.data import restore as load

    _reach_database(to_change_tables=True)
    with Line(sys.stderr, "MB") as line:
        restored = load(file, _shown(line, "restore"), replace=replace)
    manifest = restored.manifest
    rows = {name: table.rows for name, table in manifest.tables.items()}
    document = {
        "file": str(file),
        "version": manifest.version,
        "revision": restored.revision,
        "revision_of_file": manifest.revision,
        "created_at": manifest.created_at,
        "rows": rows,
        "secrets": list(restored.secrets),
    }
    if as_json:
        click.echo(json.dumps(document))
        return
    click.echo(f"restored {rows.get('tasks', 0)} tasks as of {manifest.created_at}")
    if restored.revision != manifest.revision:
        click.echo(f"the tables were brought from {manifest.revision} to {restored.revision}")
    for name in restored.secrets:
        click.echo(f"restored {name}")
    click.echo("'fractal-rmo up' goes on with what was under way")


@click.command()
def migrate() -> None:
    """Bring the tables to this version; every start of the cluster does so by itself.

    The embedded database is backed up before.
    """
    from fractal_rmo.bootstrap.data import migrate as bring_up_to_date

    _reach_database(to_change_tables=True)
    bring_up_to_date()
    click.echo("the tables are up to date")


COMMANDS = {str(command.name): command for command in (backup, restore, migrate)}
