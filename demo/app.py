"""The demo's Celery app: `celery -A demo.app worker`. Like the watched product, it has one line for the monitor."""

from celery import Celery

from collector.logs import CriticalLogHandler, watch_task_failures
from collector.probes.tls import amqp_tls
from demo.gateway import deliver
from demo.voice import encode, synthesise
from settings import settings_of_program
from settings.broker_url import addresses, kombu_url
from settings.embedded_redis import url

QUEUE = "dispatch"

_settings = settings_of_program()

_broker_url = _settings.watched_broker_url or url(_settings.monitor_data_dir, 1)
_addresses = addresses(_broker_url)
celery = Celery("demo", broker=";".join(map(kombu_url, _addresses)))
celery.conf.update(
    task_default_queue=QUEUE,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    # With these events and the workers' (--task-events) the panel knows how long tasks wait.
    task_send_sent_event=True,
    # One at a time: other messages wait in the queue, where the panel sees them.
    worker_prefetch_multiplier=1,
    broker_use_ssl=amqp_tls(_addresses[0]),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 2, "polling_interval": 3},
)


watch_task_failures(CriticalLogHandler(_settings.redis_url, "demo", _settings.monitor_host))


@celery.task(name="demo.dispatch_voice")
def dispatch_voice(number: int, is_reachable: bool = True) -> int:
    """Make, encode and deliver one voice message. Returns its size in bytes.

    Raises: GatewayTimeout unless `is_reachable`.
    """
    return deliver(encode(synthesise(number)), number, is_reachable=is_reachable)
