"""Commands that talk to the cluster: submit, watch, show, list, cancel, start and stop it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from fractal_rmo.adapters.source_files import read_tests, read_tree
from fractal_rmo.cli.follow import budget, connect, follow, print_view
from fractal_rmo.cli.group import (
    INFRASTRUCTURE,
    PROVEN,
    json_option,
    limit_option,
    python_option,
    to_kind,
    to_level,
    to_provider,
)
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Provider, Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.domain.views import TaskQuery

EXAMPLE = Path("examples/off_by_one")
_path = click.Path(path_type=Path)
_tests = click.option("--tests", type=_path, help="A pytest file or a folder.")
_judge = click.option(
    "--tests", "--schema", "tests", type=_path, help="Tests, or the JSON Schema of data."
)
_level = click.option("--level", default="3", callback=to_level, help="Prove up to this level.")


@click.command()
@click.argument("path", type=_path, required=False)
@_judge
@_level
@json_option
@click.option("--kind", default="fix", callback=to_kind, help="Such as fix, generate or data.")
@click.option("--provider", default="auto", callback=to_provider, help="auto, offline, openai...")
@python_option
@click.option("--description", default="", help="What the code should do.")
@click.option("--tokens", type=click.IntRange(0), help="Let models use this many at most.")
@click.option("--dollars", type=click.FloatRange(0), help="Let models cost this much at most.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="End it after this time.")
@click.option("--retries", type=click.IntRange(0), help="Begin anew this often at most.")
@click.option("--key", default="", help="Idempotency key: the same key is the same task.")
@click.option("--wait", is_flag=True, help="Watch until the task has ended.")
@click.option("--dry-run", is_flag=True, help="Show what a model would be asked, and its price.")
def submit(
    path: Path | None,
    tests: Path | None,
    level: Level,
    as_json: bool,
    kind: TaskKind,
    provider: Provider,
    python: str,
    description: str,
    tokens: int | None,
    dollars: float | None,
    seconds: float | None,
    retries: int | None,
    key: str,
    wait: bool,
    dry_run: bool,
) -> None:
    """Hand PATH to the cluster; prints the task's id.  New code needs no PATH."""
    from fractal_rmo.bootstrap.models import make_models
    from fractal_rmo.services.admit import admit
    from fractal_rmo.services.submit import submit as hand_in

    task = Task(
        description=description,
        code=read_tree(path, tests=False) if path else SourceTree(),
        tests=read_tests(tests, path or tests) if tests else SourceTree(),
        kind=kind,
        level=level,
        provider=provider,
        budget=budget(tokens=tokens, dollars=dollars, seconds=seconds, retries=retries),
        python=python,
    )
    models = make_models(shared=False)
    admit(task, models)  # before any server is started for it
    if dry_run:
        from fractal_rmo.cli.dry_run import print_dry_run

        print_dry_run(task, models, as_json=as_json)
        return
    task_id = hand_in(task, connect(), key)
    if not wait:
        click.echo(json.dumps({"id": task_id}) if as_json else task_id)
        return
    sys.exit(follow(task_id, as_json=as_json))


@click.command()
@click.argument("task_id", metavar="ID")
@json_option
def show(task_id: str, as_json: bool) -> None:
    """Print everything known of a task."""
    print_view(connect().tasks.show(task_id), as_json=as_json)


@click.command()
@click.argument("task_id", metavar="ID")
@json_option
def watch(task_id: str, as_json: bool) -> None:
    """Follow a task until it has ended."""
    sys.exit(follow(task_id, as_json=as_json))


@click.command()
@limit_option
@json_option
def tasks(limit: int, as_json: bool) -> None:
    """List the newest tasks."""
    from fractal_rmo.cli.views import rows_table
    from fractal_rmo.services.documents import rows_document

    rows = connect().tasks.find(TaskQuery(limit=limit))
    if as_json:
        click.echo(json.dumps(rows_document(rows)))
    else:
        click.echo(rows_table(rows), nl=False)


@click.command()
@json_option
def agents(as_json: bool) -> None:
    """List who works, and the present state of each agent of a task that has not ended."""
    from fractal_rmo.cli.views import agents_table
    from fractal_rmo.services.agents import agents_document

    found = agents_document(connect())
    click.echo(json.dumps(found, default=dict) if as_json else agents_table(found), nl=as_json)


@click.command()
@click.argument("task_id", metavar="ID")
def cancel(task_id: str) -> None:
    """End a task; what it has reached is kept."""
    connect().tasks.cancel(task_id)
    click.echo(f"cancelled {task_id}")


@click.command()
@click.argument("task_id", metavar="ID")
def retry(task_id: str) -> None:
    """Begin an ended task anew, with its whole budget."""
    from fractal_rmo.services.submit import retry as begin_anew

    begin_anew(task_id, connect())
    click.echo(f"begun anew: {task_id}")


@click.command()
def token() -> None:
    """Print the access token of the web server, for 'Authorization: Bearer'."""
    from fractal_rmo.bootstrap.secrets import web_secrets

    click.echo(web_secrets().access_token)


@click.command(name="open")
def open_() -> None:
    """Print a link that signs one browser in, once, within a quarter of an hour."""
    from fractal_rmo.cli.serve import one_time_link

    click.echo(one_time_link())


@click.command()
@click.argument("path", type=_path, default=EXAMPLE)
@_tests
@click.option("--demo", is_flag=True, help="Submit PATH (an example) and show its way to proof.")
@click.option("--once", is_flag=True, help="End after the demo's result.")
def up(path: Path, tests: Path | None, demo: bool, once: bool) -> None:
    """Start the servers and the Procfile's processes, and keep them running until Ctrl-C."""
    from fractal_rmo.cli.serve import serve

    sys.exit(serve(path, tests, demo=demo or once, once=once))


@click.command()
@click.option("--purge", is_flag=True, help="Delete all data as well.")
def down(purge: bool) -> None:
    """Stop the processes and the embedded servers."""
    from fractal_rmo.bootstrap.servers import stop_everything

    stop_everything(purge=purge)
    click.echo("stopped" + (", and all data deleted" if purge else ""))


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Say which servers and workers answer; 3 when something is missing."""
    from fractal_rmo.bootstrap.health import server_trouble, worker_queues

    trouble = server_trouble()
    workers = {} if trouble else worker_queues()
    if as_json:
        click.echo(json.dumps({"trouble": trouble, "workers": workers}))
    else:
        for sentence in trouble or ["database and broker answer"]:
            click.echo(sentence)
        for name, queues in sorted(workers.items()):
            click.echo(f"{name}: {', '.join(queues)}")
        if not workers:
            click.echo("no worker answers: start them with 'fractal-rmo up'")
    sys.exit(PROVEN if workers else INFRASTRUCTURE)


COMMANDS = {
    str(command.name): command
    for command in (
        *(submit, show, watch, tasks, cancel, retry, agents),
        *(up, down, status, open_, token),
    )
}
