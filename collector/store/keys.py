"""Every Redis key of the panel: its pattern, its type, what bounds it; and the ids of the stream. [pure]

| key                          | type   | bounded by                                   |
|------------------------------|--------|----------------------------------------------|
| monitor:samples              | stream | MINID: entries older than `RETENTION_S` go   |
| monitor:slot:<host>:<slot>   | string | expires after `CLAIM_S`                   |
| monitor:containers:<host>    | hash   | container by name; expires after `REPORT_TTL_S` |
| monitor:hosts                | zset   | host by last write in ms: `HOST_RETENTION_S` |
| monitor:joined               | zset   | host by first write in ms, until forgotten   |
| monitor:doorbell             | stream | MAXLEN: `DOORBELL_RINGS`                     |
"""

SAMPLES = "monitor:samples"
HOSTS = "monitor:hosts"
JOINED = "monitor:joined"
DOORBELL = "monitor:doorbell"

RETENTION_S = 3600
"""How much of the past the stream holds, in seconds. The page's longest live range is one hour."""

HOST_RETENTION_S = 7 * 86_400
"""How long a silent host stays on the list, in seconds, unless it is forgotten: an outage must not tidy itself away."""

CLAIM_S = 10.0
"""How long a written slot stays claimed, in seconds: longer than a tick of the default 3 s may be late. No longer than
that: a clock set back makes old slots come again, and until their claims expire their samples are dropped."""


DOORBELL_RINGS = 16
"""How many rings are kept: a listener needs the newest alone."""

REPORT_TTL_S = 600
"""How long a container that reports no more is still shown, silent, in seconds."""


def containers(host: str) -> str:
    """Hash of what the containers of a host report of themselves: "<epoch ms> <JSON>" by name."""
    return f"monitor:containers:{host}"


def slot(host: str, slot_number: int) -> str:
    """Key whose existence says that `host` has already written its sample for this slot."""
    return f"monitor:slot:{host}:{slot_number}"


NO_ID = "0-0"
"""The stream id before every entry."""

ID_PATTERN = r"[0-9]{1,20}-[0-9]{1,20}"
"""What a stream id looks like: milliseconds and a sequence number, both unsigned 64-bit."""


def id_key(entry_id: str) -> tuple[int, int]:
    """A stream id as a pair that compares as Redis compares ids."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence)


def id_seconds(entry_id: str) -> float:
    """When the entry was added: epoch s by Redis' clock."""
    return id_key(entry_id)[0] / 1000
