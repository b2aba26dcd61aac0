"""The panel's listener alone, asked as the collector asks it. On SIGTERM it prints what it has heard.

python -m bench.programs.event_listener amqp://…
"""

import json
import signal
import sys
import threading
from collections import Counter

from collector.probes.events import listener as listening
from collector.probes.events.listener import EventListener
from collector.probes.events.message import Event, Message, read_events
from settings.broker_options import BrokerOptions

TICK_S = 3.0


def main(broker_url: str) -> int:
    """Listen until SIGTERM."""
    kinds: Counter[str] = Counter()

    def counted(message: Message) -> list[Event] | None:
        events = read_events(message)
        kinds.update(event["type"] for event in events or ())
        return events

    listening.read_events = counted
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    listener = EventListener(broker_url, BrokerOptions())
    listener.start()
    tick = 0
    while not ending.wait(TICK_S):
        tick += 1
        listener.pulses()
        if tick % 3 == 0:
            listener.heard()
        print(listener.reason(), flush=True)
    heard = listener.heard()
    rates = [task.succeeded_per_min for task in heard.tasks.values()]
    print(json.dumps({"kinds": kinds, "lost": heard.lost, "tasks": len(rates), "events": heard.events}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
