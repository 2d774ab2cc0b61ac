"""Proofs as files: written beside a result, and verified on another machine."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fractal_rmo.adapters.source_files import read_text
from fractal_rmo.cli.group import INFRASTRUCTURE, NOT_PROVEN, PROVEN, python_option
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.task import Task
from fractal_rmo.domain.verdict import found_no_sandbox
from fractal_rmo.version import VERSION

if TYPE_CHECKING:
    from fractal_rmo.domain.jsonvalue import JsonObject
    from fractal_rmo.ports.signing import Signer
    from fractal_rmo.services.proof import Proof, Verification
    from fractal_rmo.services.solve import Solution


def prepare_proof(path: Path, task: Task) -> Callable[[Solution], None]:
    """What writes the proof once there is one.

    Raises ``InputError`` now, before anything runs: CANNOT_WRITE where there is
    no folder for it, CANNOT_SIGN.
    """
    if not os.access(path.parent, os.W_OK | os.X_OK):
        detail = f"The folder '{path.parent}' is not there or may not be written to."
        raise InputError(ErrorCode.CANNOT_WRITE, detail)
    from fractal_rmo.bootstrap.secrets import make_signer

    return partial(_write, path, task, make_signer())


def _write(path: Path, task: Task, signer: Signer, solution: Solution) -> None:
    if not solution.proven:
        click.echo(f"{path} was not written: nothing is proven", err=True)
        return
    from fractal_rmo.services.proof import fingerprint, make
    from fractal_rmo.services.subjects import subject_of

    document = make(
        task.kind,
        task.level,
        subject_of(task, solution.result),
        solution.verdicts,
        python=task.python,
        made=_circumstances(),
        signer=signer,
    )
    try:
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(ErrorCode.CANNOT_WRITE, f"{path}: {error.strerror}.") from error
    click.echo(f"wrote {path}, signed by {fingerprint(signer.public_key)}", err=True)


def _circumstances() -> dict[str, str]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": f"fractal-rmo {VERSION}",
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--signer", help="Refuse a proof by any key but the one with this fingerprint.")
@python_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def verify(file: Path, signer: str | None, python: str, as_json: bool) -> None:
    """Check a proof that --proof wrote, repeat it here, and say what still holds.

    Exit code 0: all holds; 1: something differs; 2: the file was changed.
    """
    from fractal_rmo.bootstrap.jails import sandbox
    from fractal_rmo.bootstrap.secrets import signature_checker
    from fractal_rmo.services.proof import MAX_BYTES, compare, read
    from fractal_rmo.services.warm import warming

    proof = read(read_text(file, MAX_BYTES), signature_checker())
    if signer and proof.signer != signer.lower():
        detail = f"It is signed by {proof.signer}, not by {signer}."
        raise InputError(ErrorCode.BAD_PROOF, detail)
    if proof.python and not python:  # never started because a file says so
        detail = f"The code needs packages, there of '{proof.python}': name yours with --python."
        raise InputError(ErrorCode.BAD_PYTHON, detail)
    subject = proof.subject
    task = Task(code=subject.code, tests=subject.tests, level=proof.level, python=python)
    with sandbox() as jail, warming(jail, task):
        from fractal_rmo.cli.progress import Line
        from fractal_rmo.services.solve import judge

        with Line(sys.stderr) as line:
            verdicts = judge(subject, proof.level, jail, python=python, progress=line.show)
    found = compare(proof, verdicts)
    if as_json:
        click.echo(json.dumps(_document(proof, found)))
    else:
        _show(proof, found)
    if found_no_sandbox(verdicts):
        sys.exit(INFRASTRUCTURE)
    sys.exit(PROVEN if found.holds else NOT_PROVEN)


def _document(proof: Proof, found: Verification) -> JsonObject:
    return {
        "holds": found.holds,
        "signer": proof.signer,
        "made": dict(proof.made),
        "levels": [row.as_json() for row in found.levels],
        "tools": {name: {"then": old, "now": new} for name, (old, new) in found.tools.items()},
    }


def _show(proof: Proof, found: Verification) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from fractal_rmo.cli.show import safe

    table = Table("level", "then", "now", "what was seen now")
    for row in found.levels:
        colour = "green" if row.holds else "red"
        table.add_row(
            f"{row.level} {row.level.name.lower()}",
            row.then or "not reached",
            f"[{colour}]{row.now or 'not reached'}[/{colour}]",
            escape(safe(row.summary)),
        )
    lines = [
        f"{name}: {old or 'not used'} then, {new or 'not used'} now"
        for name, (old, new) in found.tools.items()
    ]
    made = f"{proof.made.get('at')} by {proof.made.get('by')}, signed by {proof.signer}"
    console = Console(soft_wrap=True)
    console.print(table)
    for line in [*lines, f"{'holds' if found.holds else 'DIFFERS'}; made {made}"]:
        console.print(safe(line), markup=False, highlight=False)


COMMANDS = {"verify": verify}
