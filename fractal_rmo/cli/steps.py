"""Commands for single steps: list them, put a dead one back."""

from __future__ import annotations

import json
import sys

import click

from fractal_rmo.cli.follow import connect
from fractal_rmo.cli.group import json_option, limit_option


@click.command()
@click.option("--dead", is_flag=True, help="Only those that were given up.")
@limit_option
@json_option
def steps(dead: bool, limit: int, as_json: bool) -> None:
    """List the newest steps, with what each failed attempt said."""
    from fractal_rmo.cli.views import print_steps
    from fractal_rmo.domain.step import StepState
    from fractal_rmo.domain.views import StepQuery
    from fractal_rmo.services.documents import lines_document

    state = StepState.DEAD.value if dead else ""
    lines = connect().dead.find(StepQuery(state=state, limit=limit))
    if as_json:
        click.echo(json.dumps(lines_document(lines), default=dict))
    else:
        print_steps(lines, sys.stdout)


@click.command()
@click.argument("step_id", metavar="STEP")
def requeue(step_id: str) -> None:
    """Put a dead STEP back: the task that ended by it goes on from there, in the same round."""
    from fractal_rmo.services.dead import requeue as put_back

    task_id = put_back(step_id, connect())
    click.echo(f"put back; task {task_id} goes on")


COMMANDS = {str(command.name): command for command in (steps, requeue)}
