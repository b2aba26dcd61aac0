"""The demo's WhatsApp gateway: it takes every message, or does not answer when told so."""

import time

ROUND_TRIP_S = 0.15
"""How long it takes to answer. A dispatch of 150 messages thus lasts for some seconds, on a fast machine too."""
TIMEOUT_S = 30


class GatewayTimeout(Exception):
    """The gateway did not answer. Like many careless errors, its text holds a telephone number and a token."""


def deliver(voice: bytes, number: int, *, is_reachable: bool) -> int:
    """Hand the message over. Returns its size in bytes.

    Raises: GatewayTimeout unless `is_reachable`.
    """
    time.sleep(ROUND_TRIP_S)
    if not is_reachable:
        raise GatewayTimeout(
            f"POST https://gateway.example/v1/voice timed out after {TIMEOUT_S} s: message {number} "
            f"to +55 11 9{number % 10_000:04d}-0{number % 1000:03d}, token=EAAG{number:036d}"
        )
    return len(voice)
