"""``fractal-rmo submit --dry-run``: the questions that a model would be asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fractal_rmo.cli.show import safe
from fractal_rmo.config.load import settings
from fractal_rmo.domain.budget import Budget
from fractal_rmo.domain.task import Task

if TYPE_CHECKING:
    from fractal_rmo.ports.models import LanguageModel
    from fractal_rmo.services.dry_run import Question


def print_dry_run(task: Task, models: LanguageModel, *, as_json: bool) -> None:
    """Prompts, where they would go, and the most that each would cost."""
    from fractal_rmo.services.dry_run import ceiling, questions

    found = questions(task, settings(), models)
    if as_json:
        click.echo(json.dumps([_document(each) for each in found], default=dict))
        return
    if not found:
        click.echo("no model would be asked")
        return
    _print_overview(found)
    _print_ceilings(*ceiling(found, task), task.budget)
    for number, each in enumerate(found, 1):
        click.echo(f"--- {number}. {each.request.purpose}, asked as the {each.request.role}")
        click.echo(f"{safe(each.request.system)}\n\n{safe(each.request.user)}\n")


def _print_overview(found: Sequence[Question]) -> None:
    """A row for each endpoint that a question may go to."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        "",
        "question",
        "agent",
        "goes to",
        "tokens",
        "$",
        title="What is asked, and the most that it takes",
    )
    for number, each in enumerate(found, 1):
        for offer in each.offers:
            told = (
                each.request.purpose.partition(" ")[2],
                each.request.role,
                f"{offer.endpoint}: {offer.model}",
            )
            most = (f"{offer.usage.tokens:,}", f"{offer.dollars:.4f}")
            table.add_row(str(number), *(escape(safe(text)) for text in told), *most)
    Console().print(table)


def _print_ceilings(tokens: int, dollars: float, most: Budget) -> None:
    click.echo("no notes, plan or further code where a proposal passes")
    click.echo(f"each of them once, as in one round: at most {tokens:,} tokens, ${dollars:.4f}")
    click.echo(
        f"asked again and in further rounds, up to the task's budget:"
        f" at most {most.tokens:,} tokens, ${most.dollars:.4f}\n"
    )


def _document(question: Question) -> dict[str, object]:
    return {
        "role": question.request.role,
        "purpose": question.request.purpose,
        "system": question.request.system,
        "user": question.request.user,
        "offers": [
            {
                "endpoint": offer.endpoint,
                "model": offer.model,
                "tokens": offer.usage.tokens,
                "dollars": offer.dollars,
            }
            for offer in question.offers
        ],
    }
