"""The list of tasks: filters, pages, and a grid of tasks by levels."""

from __future__ import annotations

import re

from flask import render_template, request
from flask.typing import ResponseReturnValue

from fractal_rmo.domain.lifecycle import Ending
from fractal_rmo.domain.task import BUILT_KINDS
from fractal_rmo.domain.views import RUNNING, TaskQuery
from fractal_rmo.services.follow import page_of
from webapp.pages.ladder import LEVELS
from webapp.tools import tools

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ENDINGS = (RUNNING, *(ending.value for ending in Ending))
_KINDS = tuple(kind.value for kind in BUILT_KINDS)
_LONGEST_WORDS = 200


def listing() -> ResponseReturnValue:
    """A page of tasks; a filter that is no filter is left out."""
    query = _query()
    rows, more = page_of(query, tools())
    return render_template(
        "tasks.html",
        rows=rows,
        query=query,
        more=rows[-1].id if more else "",
        levels=LEVELS,
        kinds=_KINDS,
        endings=_ENDINGS,
    )


def _query() -> TaskQuery:
    before = request.args.get("before", "")
    return TaskQuery(
        kind=_one_of(_KINDS, request.args.get("kind", "")),
        ending=_one_of(_ENDINGS, request.args.get("ending", "")),
        words=request.args.get("words", "").strip()[:_LONGEST_WORDS],
        before=before if _ID.fullmatch(before) else "",
    )


def _one_of(known: tuple[str, ...], given: str) -> str:
    return given if given in known else ""
