"""Which tasks are kept from the learner: half of all contents, by a digit of their digest."""

HELD_OUT = "(('x' || left(t.content_sha256, 2))::bit(8)::int % 2 = 0)"
"""SQL over ``tasks t``.

By the content and not by the task's id, so that who submits the same once more
is not learned from and judged by.
"""
