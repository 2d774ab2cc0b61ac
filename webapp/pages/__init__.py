"""The pages, rendered here and useful without a script."""

from __future__ import annotations

from flask import Blueprint, Flask

from webapp.pages import (
    cluster,
    evidence,
    examples,
    ladder,
    patch,
    questions,
    submit,
    task,
    tasks,
    text,
)

blueprint = Blueprint("pages", __name__)
blueprint.add_url_rule("/", "submit", submit.form)
blueprint.add_url_rule("/", "hand_in", submit.hand_in, methods=["POST"])
blueprint.add_url_rule("/tasks", "tasks", tasks.listing)
blueprint.add_url_rule("/tasks/<task_id>", "task", task.page)
blueprint.add_url_rule("/tasks/<task_id>/live", "live", task.live)
blueprint.add_url_rule("/tasks/<task_id>/cancel", "cancel", task.cancel, methods=["POST"])
blueprint.add_url_rule("/tasks/<task_id>/retry", "retry", task.retry, methods=["POST"])
blueprint.add_url_rule(
    "/tasks/<task_id>/steps/<step_id>/requeue", "requeue", task.requeue, methods=["POST"]
)
blueprint.add_url_rule("/tasks/<task_id>/questions", "answer", questions.answer, methods=["POST"])
blueprint.add_url_rule("/agents", "agents", cluster.agents)
blueprint.add_url_rule("/status", "status", cluster.status)


def register_pages(app: Flask) -> None:
    """All pages, and what their templates say things with."""
    app.extensions["examples"] = examples.read()
    text.register(app)
    app.add_template_filter(ladder.asked)
    app.add_template_filter(evidence.changed_lines)
    app.add_template_filter(patch.lines, "difflines")
    app.register_blueprint(blueprint)
