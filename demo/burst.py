"""Sends a dispatch: many voice messages at once, as fast as the broker takes them. `make burst N=150 FAIL=3`."""

import sys
import time

from kombu.exceptions import OperationalError

from demo.app import celery, dispatch_voice

USAGE = "How many messages? make burst N=150 takes a whole number from 1 to 100000; FAIL=3 of them fail.\n"

NOBODY = """\
The demo's broker does not answer: start it with `make run` first ({exc}).
In containers: docker compose exec demo python -m demo.burst 150
"""


def send(count: int, failing: int = 0) -> float:
    """Enqueue `count` messages over one connection, the first `failing` to fail. Returns how long that took (s).

    Raises: kombu.exceptions.OperationalError when the broker does not answer.
    """
    started_mono_s = time.monotonic()
    with celery.connection_for_write(connect_timeout=2) as connection:
        connection.ensure_connection(max_retries=1, timeout=3)
        with celery.amqp.Producer(connection) as producer:
            for number in range(count):
                dispatch_voice.apply_async((number, number >= failing), producer=producer, retry=False)
    return time.monotonic() - started_mono_s


def main(argv: list[str]) -> int:
    """Send as many messages as `argv` says, and print the rate. Returns the exit code."""
    count, failing = _parse(argv)
    if not count:
        sys.stderr.write(USAGE)
        return 2
    try:
        took_s = send(count, failing)
    except OperationalError as exc:
        sys.stderr.write(NOBODY.format(exc=exc))
        return 1
    print(f"{count} messages enqueued in {took_s:.2f} s ({count / took_s:.0f}/s).")
    return 0


def _parse(argv: list[str]) -> tuple[int, int]:
    """How many messages, and how many of them fail; 0 if the arguments are faulty."""
    if not 1 <= len(argv) <= 2 or not all(text.isdecimal() for text in argv):
        return 0, 0
    count, failing = int(argv[0]), int(argv[1]) if len(argv) > 1 else 0
    return (count, failing) if count <= 100_000 and failing <= count else (0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
