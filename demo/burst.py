"""A dispatch: many voice messages at once, as fast as the broker takes them. `make burst N=150`."""

import sys
import time

from kombu.exceptions import OperationalError

from demo.app import celery, dispatch_voice


def send(count: int) -> float:
    """Enqueue `count` messages over one connection. Returns how long that took (s).

    Raises: kombu.exceptions.OperationalError when the broker does not answer.
    """
    started_mono_s = time.monotonic()
    with celery.connection_for_write(connect_timeout=2) as connection:
        connection.ensure_connection(max_retries=1, timeout=3)
        with celery.amqp.Producer(connection) as producer:
            for number in range(count):
                dispatch_voice.apply_async((number,), producer=producer, retry=False)
    return time.monotonic() - started_mono_s


def main(argv: list[str]) -> int:
    """Send as many as `argv` says and print the rate. Returns the exit code."""
    if len(argv) != 1 or not argv[0].isdecimal() or not 1 <= int(argv[0]) <= 100_000:
        sys.stderr.write("How many messages? make burst N=150 takes a whole number from 1 to 100000.\n")
        return 2
    try:
        took_s = send(int(argv[0]))
    except OperationalError as exc:
        sys.stderr.write(f"The demo's broker does not answer: start it with `make run` first ({exc}).\n")
        return 1
    print(f"{argv[0]} messages enqueued in {took_s:.2f} s ({int(argv[0]) / took_s:.0f}/s).")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
