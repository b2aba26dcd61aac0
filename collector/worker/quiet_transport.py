"""kombu's Redis transport without the alarms that nobody here needs.

As shipped, the collector's loop is woken by four clocks of their own, three times a second, to look after Pub/Sub
connections, expiring bindings, credentials that are renewed and messages to be restored: none of which it has. Each
waking of a core that has slept is 0.1 ms. What stays is the look at the connection on which ticks are waited for.

Source: kombu 5.7.0 transport/redis.py, Transport.register_with_event_loop.
"""

from typing import Any

from kombu.transport import redis

_UNUSED = ("_subclient_health_tref", "_binding_expiry_tref", "_reauth_tref", "_restore_messages_tref")


class QuietTransport(redis.Transport):
    """Wakes once a second, and when a tick comes."""

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        """Join the worker's loop; see kombu."""
        super().register_with_event_loop(connection, loop)  # type: ignore[no-untyped-call]
        for name in _UNUSED:
            getattr(self.cycle, name).cancel()
