"""``ports.doorbell.Doorbell`` as a Celery canvas with named step ids."""

from __future__ import annotations

from collections.abc import Sequence

from celery import Celery, chain, chord
from celery.canvas import Signature

from fractal_rmo.domain.errors import ErrorCode, InfrastructureError
from fractal_rmo.domain.step import Stage, StepRef

_PRODUCER = {"retry": True, "retry_policy": {"max_retries": 1, "interval_start": 0.1}}


class CanvasDoorbell:
    """Publishes a round as ``chord(analyzers -> merge) | execute | validate``."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def ring_round(self, steps: Sequence[StepRef]) -> None:
        """See the port.  A later round has no analyzers: it is a chain from its merge on."""
        header = [self._signature(s, on_canvas=True) for s in steps if s.stage is Stage.ANALYZE]
        rest = [self._signature(s, on_canvas=True) for s in steps if s.stage is not Stage.ANALYZE]
        canvas = chord(header, chain(*rest)) if header else chain(*rest)
        self._publish(canvas)

    def ring(self, step: StepRef) -> None:
        """See the port."""
        self._publish(self._signature(step, on_canvas=False))

    def _signature(self, step: StepRef, *, on_canvas: bool) -> Signature:
        # by name, so that 'celery inspect' and Flower say which id is which
        words = {"step_id": step.step_id, "task_id": step.task_id, "on_canvas": on_canvas}
        return self._app.signature(
            step.stage.value,
            kwargs={**words, **({"action": step.action} if step.action else {})},
            immutable=True,
            queue=step.queue,
            task_id=step.step_id,
            # said here too, where the tasks are not known: nobody waits, so nothing is subscribed;
            # a chord on Redis counts what its members return, stored or not
            ignore_result=True,
        )

    def _publish(self, canvas: Signature) -> None:
        try:
            canvas.apply_async(**_PRODUCER)
        except (
            Exception
        ) as error:  # transport and result store each raise their own, even RuntimeError
            raise InfrastructureError(ErrorCode.BROKER_DOWN, str(error)) from error
