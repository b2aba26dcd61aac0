"""The part of the watched application's `broker_transport_options` that says how to read its broker. [pure]

Imports nothing but the standard library. Source: kombu 5.7.0, transport/redis.py, `Channel.from_transport_options`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_STEPS = 256
"""AMQP's priorities: an octet. kombu uses 0 to 9."""


class FaultyOptionsError(ValueError):
    """One or more options are faulty; `faults` holds a sentence for each. None repeats a value: some are secrets."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__(" ".join(faults))


@dataclass(frozen=True, kw_only=True)
class BrokerOptions:
    """The options that decide keys and channels of kombu's Redis transport, with its defaults. RabbitMQ needs none."""

    sep: str = "\x06\x16"
    """Separates a queue's name from its priority, and the parts of a binding."""
    priority_steps: tuple[int, ...] = (0, 3, 6, 9)
    """Each step has its own list."""
    global_keyprefix: str = ""
    """Prefix of every key and channel."""
    fanout_prefix: bool | str = True
    """Whether broadcast channels begin with the database (`/{db}.`), or their prefix."""
    unacked_key: str = "unacked"
    """The hash of the messages that workers hold."""
    unacked_index_key: str = "unacked_index"
    """The sorted set that says since when."""
    visibility_timeout: float = 3600
    """After so many seconds a message that a worker holds is handed out again."""

    def key(self, name: str) -> str:
        """The Redis key of what kombu calls `name`."""
        return self.global_keyprefix + name

    def channel(self, exchange: str, database: int) -> str:
        """The PUB/SUB channel of a broadcast exchange, up to the routing key."""
        prefix = self.fanout_prefix
        if not prefix:
            return self.key(exchange)
        return self.key((prefix if isinstance(prefix, str) else "/{db}.").replace("{db}", str(database)) + exchange)

    def queue_keys(self, queue: str) -> tuple[str, ...]:
        """The keys of the lists that hold a queue's messages, one for each priority step."""
        return tuple(self.key(f"{queue}{self.sep}{step}" if step else queue) for step in self.priority_steps)


def parse_broker_options(text: str) -> BrokerOptions:
    """Read a JSON object in the form of Celery's `broker_transport_options`; options without a use here are ignored.

    Raises: FaultyOptionsError.
    """
    try:
        options = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise FaultyOptionsError(["must be a JSON object, and is not JSON."]) from exc
    if not isinstance(options, dict):
        raise FaultyOptionsError(["must be a JSON object of Celery's broker_transport_options."])
    faults = [f"holds {_shown(name)}, which is no known option." for name in options if name not in _KNOWN]
    for name, (expected, is_valid) in _READ.items():
        if name in options and not is_valid(options[name]):
            faults.append(f"needs {name} to be {expected}.")
    if faults:
        raise FaultyOptionsError(faults)
    read = {name: options[name] for name in _READ if name in options}
    if "priority_steps" in read:
        read["priority_steps"] = tuple(read["priority_steps"])
    return BrokerOptions(**read)


def _shown(name: str) -> str:
    return repr(name if len(name) <= 40 else f"{name[:40]}…")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 255


def _is_name(value: Any) -> bool:
    return _is_text(value) and value != ""


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_duration(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < 1e9


def _is_steps(value: Any) -> bool:
    """Steps must ascend: kombu finds a message's step by bisection."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_STEPS:
        return False
    are_octets = all(type(step) is int and 0 <= step < MAX_STEPS for step in value)
    return are_octets and value == sorted(set(value))


_Rule = tuple[str, Callable[[Any], bool]]

_READ: dict[str, _Rule] = {
    "sep": ("a text of 1 to 255 characters", _is_name),
    "priority_steps": ("a list of whole numbers from 0 to 255, ascending, such as [0, 3, 6, 9]", _is_steps),
    "global_keyprefix": ("a text of at most 255 characters", _is_text),
    "fanout_prefix": ("true, false or a text such as /{db}.", lambda value: _is_boolean(value) or _is_name(value)),
    "unacked_key": ("a text of 1 to 255 characters", _is_name),
    "unacked_index_key": ("a text of 1 to 255 characters", _is_name),
    "visibility_timeout": ("a number of seconds above 0", _is_duration),
}
"""Each option's expected form, in words and as a check."""

_KNOWN = frozenset(_READ) | {
    # Of kombu's Redis transport: how the application's own connections and unfinished messages behave.
    "ack_emulation", "body_encoding", "client_name", "deadletter_queue", "fanout_patterns", "health_check_interval",
    "max_connections", "polling_interval", "queue_order_strategy", "reauth_check_interval", "retry_on_timeout",
    "socket_connect_timeout", "socket_keepalive", "socket_keepalive_options", "socket_timeout", "unacked_mutex_expire",
    "unacked_mutex_key", "unacked_restore_interval", "unacked_restore_limit", "unacked_restore_throttle",
    # Of kombu's Connection and py-amqp.
    "client_properties", "confirm_publish", "errback", "interval_max", "interval_start", "interval_step",
    "login_method", "max_retries", "on_blocked", "on_unblocked", "read_timeout", "retry_errors", "socket_settings",
    "write_timeout",
}  # fmt: skip
"""Options that an application may have and that change nothing for a reader."""
