"""The command's frame: errors become a sentence and an exit code."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fractal_rmo.domain.errors import ErrorCode, FractalError, InfrastructureError, InputError
from fractal_rmo.domain.task import Provider, TaskKind
from fractal_rmo.domain.verdict import Level

PROVEN, NOT_PROVEN, BAD_USAGE, INFRASTRUCTURE = 0, 1, 2, 3


def _absolute(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> str:
    """As it was written, links kept: a virtual environment's interpreter is a link out of it."""
    return str(value.absolute()) if value else ""


python_option = click.option(
    "--python",
    type=click.Path(path_type=Path),
    callback=_absolute,
    help="The interpreter whose packages the code needs, such as .venv/bin/python.",
)


class Group(click.Group):
    """Turns our errors into a sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; ``FractalError`` ends it with 2 (usage) or 3 (infrastructure)."""
        try:
            return super().invoke(ctx)
        except FractalError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(INFRASTRUCTURE if isinstance(error, InfrastructureError) else BAD_USAGE)


def to_level(_context: click.Context, _parameter: click.Parameter, value: str) -> Level:
    """A click callback: '1' to '6'."""
    try:
        return Level(int(value))
    except ValueError as error:
        raise InputError(ErrorCode.UNKNOWN_LEVEL, f"'{value}' is no level.") from error


def to_kind(_context: click.Context, _parameter: click.Parameter, value: str) -> TaskKind:
    """A click callback: the kind of task."""
    try:
        return TaskKind(value)
    except ValueError as error:
        raise InputError(ErrorCode.UNKNOWN_KIND, f"'{value}' is no kind of task.") from error


def to_provider(_context: click.Context, _parameter: click.Parameter, value: str) -> Provider:
    """A click callback: who proposes changes."""
    try:
        return Provider(value)
    except ValueError as error:
        raise InputError(
            ErrorCode.UNKNOWN_PROVIDER, f"'{value}' is no provider that is built."
        ) from error
