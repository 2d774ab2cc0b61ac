"""``fractal-rmo submit --dry-run``: the questions that a model would be asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from fractal_rmo.cli.show import safe
from fractal_rmo.config.load import settings
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
    for each in found:
        click.echo(f"--- {each.request.purpose}, asked as the {each.request.role}")
        click.echo(f"{safe(each.request.system)}\n\n{safe(each.request.user)}\n")
        for offer in each.offers:
            click.echo(
                f"would go to {offer.endpoint}, {offer.model}:"
                f" at most {offer.usage.tokens:,} tokens, ${offer.dollars:.4f}"
            )
    if not found:
        click.echo("no model would be asked")
        return
    click.echo("no notes, plan or further code where a proposal passes")
    tokens, dollars = ceiling(found, task)
    click.echo(f"each of them once, as in one round: at most {tokens:,} tokens, ${dollars:.4f}")
    most = task.budget
    click.echo(
        f"asked again and in further rounds, up to the task's budget:"
        f" at most {most.tokens:,} tokens, ${most.dollars:.4f}"
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
