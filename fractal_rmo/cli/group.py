"""The command's frame: errors become a sentence and an exit code."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

import click

from fractal_rmo.domain.errors import (
    ErrorCode,
    FractalError,
    InfrastructureError,
    InputError,
    SettingsError,
)
from fractal_rmo.domain.task import Provider, TaskKind, kind_named, provider_named
from fractal_rmo.domain.verdict import Level

_OF_THE_CLUSTER = (
    "celery",
    "kombu",
    "redis",
    "valkey",
    "sqlalchemy",
    "psycopg2",
    "alembic",
    "uuid6",
    "honcho",
    "marshmallow",
    "flask",
    "setproctitle",
    "psutil",
)
"""Packages that only the extra ``cluster`` installs."""
PROVEN, NOT_PROVEN, BAD_USAGE, INFRASTRUCTURE = 0, 1, 2, 3
INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""


def _absolute(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> str:
    """As it was written, links kept: a virtual environment's interpreter is a link out of it."""
    return str(value.absolute()) if value else ""


python_option = click.option(
    "--python",
    type=click.Path(path_type=Path),
    callback=_absolute,
    help="The interpreter whose packages the code needs, such as .venv/bin/python.",
)


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
limit_option = click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="How many, newest first.",
)


class Group(click.Group):
    """Turns our errors into a sentence and an exit code; imports some commands when asked for.

    ``elsewhere`` maps a module to the names of the commands in its ``COMMANDS``.
    """

    def __init__(self, *args: Any, elsewhere: Mapping[str, Sequence[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._elsewhere = elsewhere

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the alphabet."""
        return sorted({*super().list_commands(ctx), *chain(*self._elsewhere.values())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        for module, names in self._elsewhere.items():
            if cmd_name in names:
                found: Mapping[str, click.Command] = importlib.import_module(module).COMMANDS
                return found[cmd_name]
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; ``FractalError`` ends it with 2 (usage) or 3 (infrastructure)."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if error.name not in _OF_THE_CLUSTER:
                raise
            detail = f"The package '{error.name}' is missing."
            _end(SettingsError(ErrorCode.NEEDS_CLUSTER, detail))
        except FractalError as error:
            _end(error)


def _end(error: FractalError) -> NoReturn:
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
    return kind_named(value)


def to_provider(_context: click.Context, _parameter: click.Parameter, value: str) -> Provider:
    """A click callback: who proposes changes."""
    return provider_named(value)
