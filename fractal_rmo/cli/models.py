"""``fractal-rmo doctor --llm``: what each configured language model is, and whether it answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from fractal_rmo.cli.group import INFRASTRUCTURE, PROVEN
from fractal_rmo.domain.errors import CATALOGUE, ErrorCode

if TYPE_CHECKING:
    from fractal_rmo.adapters.llm.doctor import Finding


def print_models(*, as_json: bool) -> int:
    """Print what one tiny call to each shows; the exit code, which is 3 where one fails."""
    from fractal_rmo.bootstrap.models import examine

    found, is_recorded = examine()
    if as_json:
        click.echo(json.dumps([{**e.document(), "charged": is_recorded} for e in found], indent=2))
    elif found:
        _table(found)
        click.echo(_cost(found, is_recorded=is_recorded))
    for each in found:
        if each.error:
            click.echo(f"{each.endpoint.name}: {each.error}", err=True)
    if not found:
        click.echo(f"no language model. {CATALOGUE[ErrorCode.NEEDS_MODEL].remedy}", err=True)
    return INFRASTRUCTURE if not found or any(each.error for each in found) else PROVEN


def _cost(found: list[Finding], *, is_recorded: bool) -> str:
    """What the calls cost, and who knows of it."""
    calls = "this call" if len(found) == 1 else f"these {len(found)} calls"
    spent = f"{calls} cost ${sum(each.dollars for each in found):.6f}"
    where = "charged to the day's account" if is_recorded else "on no account: no database answers"
    return f"{spent}, {where}"


def _table(found: list[Finding]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("endpoint", "provider", "model", "latency", "$/M in, out", "supports")
    for each in found:
        price = each.price
        costs = f"{price.per_million_in:g}, {price.per_million_out:g}" if price else "unknown"
        marks = ", ".join(name if has else f"no {name}" for name, has in each.supports.items())
        table.add_row(
            escape(each.endpoint.name),
            each.endpoint.provider,
            escape(each.model),
            f"{each.latency_s:.2f} s",
            "free" if price and price.source == "free" else costs,
            f"failed: {each.error.code}" if each.error else marks,
        )
    Console().print(table)
