"""Celery's own keys, for beat and for the collector. The jobs stand in `collector.tasks`."""

from collector.beat.slots import Slots
from settings import settings_of_program
from settings.broker_url import kombu_url

_settings = settings_of_program()
_queue = f"stats.{_settings.monitor_host}"

# The panel's own broker, apart from the one it watches: an outage there must show, not silence the panel.
broker_url = kombu_url(_settings.redis_url)
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # The default gives up after 100 tries, and the panel would stay dead.
broker_transport_options = {
    # Without these a command on a dead connection waits for ever (kombu has no default time-out).
    "socket_timeout": 1,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 1,
    # BRPOP's server-side wait (s): wakes at once on a push, and as a rule a tick ends it. A half-open connection is
    # dropped after this and two health checks, 5 s.
    "polling_interval": 3,
    # Keep no copy of a tick until it is done. A tick that dies with its worker is worth nothing an hour later, and
    # the copy costs two more transactions a tick.
    "ack_emulation": False,
}

# JSON only, both ways: a pickle is refused, not loaded.
task_serializer = "json"
result_serializer = "json"
event_serializer = "json"
accept_content = ["json"]
result_accept_content = ["json"]
task_ignore_result = True
task_publish_retry = False  # The next tick is the retry.
enable_utc = True
timezone = "UTC"

# A plain queue per host: with beat publishing to a fanout exchange, celery 5.7.0 never recovers from a Redis kill.
task_default_queue = _queue

# One process without a child: a tick waits less than a second. No gossip, events or remote control: nobody listens.
worker_pool = "solo"
worker_concurrency = 1
worker_prefetch_multiplier = 1
worker_enable_remote_control = False
worker_send_task_events = False
worker_hijack_root_logger = False
worker_redirect_stdouts = False

beat_scheduler = "collector.beat.scheduler:PunctualScheduler"
beat_max_loop_interval = _settings.sample_interval_s
beat_schedule = {
    "sample": {
        "task": "collector.sample",
        "schedule": Slots(_settings.sample_interval_s),
        # Older ticks are not worth running: so an outage ends without a burst of stale ticks.
        "options": {"queue": _queue, "expires": 3 * _settings.sample_interval_s},
    },
    "roll_up": {
        "task": "collector.roll_up",
        "schedule": Slots(60),
        "options": {"queue": _queue, "expires": 60},
    },
}
