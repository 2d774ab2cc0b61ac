"""The command ``fractal-rmo``.

Exit codes: 0 done and proven, 1 not proven, 2 bad usage, 3 infrastructure, 130 interrupted.
"""

from __future__ import annotations

import io
import json
import os
import sys

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from fractal_rmo.cli.group import INFRASTRUCTURE, INTERRUPTED, PROVEN, Group, json_option
from fractal_rmo.domain.errors import CATALOGUE, ErrorCode
from fractal_rmo.version import VERSION

_SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
_CLUSTER = (
    "submit", "show", "watch", "tasks", "cancel", "retry", "agents", "up", "down", "status", "open",
    "token",
)  # fmt: skip


@click.group(
    cls=Group,
    elsewhere={
        "fractal_rmo.cli.tables": ("data",),
        "fractal_rmo.cli.local": ("fix", "refactor", "document", "validate"),
        "fractal_rmo.cli.analyze": ("analyze",),
        "fractal_rmo.cli.cluster": _CLUSTER,
        "fractal_rmo.cli.data": ("backup", "restore", "migrate"),
        "fractal_rmo.cli.steps": ("steps", "requeue"),
        "fractal_rmo.cli.learning": ("learn", "protocols"),
        "fractal_rmo.cli.proof": ("verify",),
        "fractal_rmo.cli.mcp": ("mcp",),
        "fractal_rmo.cli.audit": ("audit",),
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(VERSION, prog_name="fractal-rmo")
def cli() -> None:
    """Coding tasks in, results proven by execution out."""


@cli.command()
def schema() -> None:
    """Print the JSON Schema of reports: what --json prints, and what REST gives of a task."""
    from fractal_rmo.services.report_schema import report_schema

    click.echo(json.dumps(report_schema(), indent=2))


@cli.command()
@click.argument("shell", type=click.Choice(list(_SHELLS)))
def completion(shell: str) -> None:
    """Print what makes a SHELL complete our commands; its startup file can source it."""
    script = _SHELLS[shell](cli, {}, "fractal-rmo", "_FRACTAL_RMO_COMPLETE").source()
    click.echo(script)


@cli.command()
@click.argument("code")
def explain(code: str) -> None:
    """Say what an error CODE means and what mends it."""
    try:
        known = ErrorCode(code.upper())
    except ValueError:
        known_codes = ", ".join(ErrorCode)
        raise click.UsageError(f"'{code}' is no error code. Codes are: {known_codes}.") from None
    click.echo(f"{known} {known.name}\n{CATALOGUE[known].title}\n{CATALOGUE[known].remedy}")


@cli.command()
@click.option("--llm", is_flag=True, help="Ask each configured language model one tiny question.")
@json_option
def doctor(llm: bool, as_json: bool) -> None:
    """Check what this machine can do; nothing is started."""
    if llm:
        from fractal_rmo.cli.models import print_models

        sys.exit(print_models(as_json=as_json))
    if as_json:
        raise click.UsageError("--json goes with --llm.")
    from fractal_rmo.bootstrap.health import free_space, server_trouble
    from fractal_rmo.bootstrap.jails import sandbox_tiers

    click.echo(f"fractal-rmo {VERSION}, Python {sys.version.split()[0]}")
    for tier, trouble in sandbox_tiers().items():
        click.echo(f"sandbox {tier}: {trouble or 'works'}")
    for place, free_mb in free_space().items():
        click.echo(f"free in {place}: {free_mb:,} MB")
    for sentence in server_trouble() or ["database and broker answer"]:
        click.echo(sentence)


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no box characters
    sys.exit(_code())


def _code() -> int:
    """Run the command; ends as click would, but tells an interruption from what is not proven."""
    try:
        cli.main(prog_name="fractal-rmo", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except OSError as error:  # such as a full disk under the output
        click.echo(f"error: {error}", err=True)
        # what is left in the buffer would fail once more at the end, with a code of its own
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return INFRASTRUCTURE
    return PROVEN


if __name__ == "__main__":
    main()
