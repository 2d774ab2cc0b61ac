"""Celery's settings, each with its reason.  Postgres is the truth; the broker is a doorbell."""

from __future__ import annotations

from kombu.entity import Exchange, Queue

from fractal_rmo.adapters.bus.tls import tls_options
from fractal_rmo.bootstrap.servers import addresses
from fractal_rmo.config.load import settings
from fractal_rmo.domain.step import MAX_ATTEMPTS, QUEUES

_redis = addresses().redis
# longer than the largest budget of a task, 300 s, which the six levels together may need; runs in
# jails have limits of their own, so that these only end what hangs
HARD_LIMIT_S = 330
SOFT_LIMIT_S = 315

# a broker that neither answers nor hangs up must not hold a process for ever
_PATIENCE = {"socket_timeout": 15.0, "socket_connect_timeout": 5.0, "socket_keepalive": True}

broker_url = _redis
result_backend = _redis
# with rediss://, certificates are verified on both, or both say that they are not
broker_use_ssl = redis_backend_use_ssl = tls_options(settings().redis) or None

# JSON only: an unpickled message is code (CVE-2021-23727)
task_serializer = "json"
result_serializer = "json"
accept_content = ["json"]

# a message is acknowledged after its work, so that a killed worker's work comes back ...
task_acks_late = True
# ... also when only the child was killed, as often as a step may be tried: what is killed before it
# could claim its step counts no attempt there.  Rejected only where the retry cannot be published.
task_retry_on_worker_lost = True
task_reject_on_worker_lost = True
task_annotations = {"*": {"max_retries": MAX_ATTEMPTS - 1, "default_retry_delay": 0}}
# one message a process: a long search must not hold its neighbours' work
worker_prefetch_multiplier = 1

# results are ids and figures, and nobody asks for them; a chord on Redis counts what its members
# return without their being stored
task_ignore_result = True
result_expires = 3600
# a chord's counter lives as long as its members' results, far above any task's deadline
result_chord_expires = 3600

# longer than any task may run (hard limit x 1.5), so that nothing is delivered while it runs;
# the two restore settings bring a killed worker's messages back in seconds instead of minutes
visibility_timeout = int(HARD_LIMIT_S * 1.5)
broker_transport_options = {
    "visibility_timeout": visibility_timeout,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "global_keyprefix": "fractal:",
    "priority_steps": [0],  # nothing here has a priority: one key to wait for per queue, not four
    **_PATIENCE,
    # a consumer whose connection is half open hears that it is after twice this
    "health_check_interval": 10,
}
result_backend_transport_options = {
    # who submits hears within seconds that the broker is down; the stored task waits for it
    "retry_policy": {"timeout": 3.0},
    "visibility_timeout": visibility_timeout,
    "global_keyprefix": "fractal:",
}
redis_socket_timeout = _PATIENCE["socket_timeout"]
redis_socket_connect_timeout = _PATIENCE["socket_connect_timeout"]
redis_socket_keepalive = not _redis.startswith("redis+socket")  # which has no such thing

# soft < hard < visibility timeout; leases are shorter and kept alive by the heartbeat
task_soft_time_limit = SOFT_LIMIT_S
task_time_limit = HARD_LIMIT_S

# workers may start before the broker, and outlast it
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
# after a lost connection the message is delivered again, and finds its step under a lease: so the
# work goes on.  Cancelling it would cost an attempt for each restart of the broker.
worker_cancel_long_running_tasks_on_connection_loss = False

# SIGTERM ends a worker warmly (workers.farewell); this is for SIGQUIT and a second Ctrl-C.  An idle
# worker goes at once, for it holds no message: nothing here is published with a delay
worker_soft_shutdown_timeout = 20
worker_enable_soft_shutdown_on_idle = False

# memory that libraries do not give back is given back by a new child
worker_max_tasks_per_child = 1000
worker_max_memory_per_child = 600_000  # KiB

# every stage has its queue; a worker that is started by hand without -Q serves all of them
_exchange = Exchange("fractal")  # type: ignore[no-untyped-call]
task_queues = [
    Queue(name, _exchange, routing_key=name)  # type: ignore[no-untyped-call]
    for name in QUEUES
]
task_default_queue = "maintenance"
task_create_missing_queues = False

timezone = "UTC"
enable_utc = True
beat_cron_starting_deadline = 600
beat_schedule = {
    "maintain": {
        "task": "maintain",
        "schedule": settings().pipeline.sweep_s,
        # one that waited longer than the interval is superseded by the next
        "options": {"queue": "maintenance", "expires": 30},
    },
    "hourly": {"task": "hourly", "schedule": 600.0, "options": {"queue": "learn", "expires": 600}},
}
"""``hourly`` is asked for every ten minutes and runs once an hour: a table's key decides."""

worker_hijack_root_logger = False
