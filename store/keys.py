"""Every Redis key of the panel: its pattern, its type, what bounds it; and the ids of the stream. [pure]

| key                          | type   | bounded by                                   |
|------------------------------|--------|----------------------------------------------|
| monitor:samples              | stream | MINID: entries older than `RETENTION_S` go; MAXLEN in any case |
| monitor:clock                | hash   | three fields: what `append.lua` knows of Redis' clock |
| monitor:slots:<host>         | zset   | slot by when it was written: those of the last `CLAIM_INTERVALS` |
| monitor:holder:<host>        | hash   | five fields: which collector reports as this host, which other wants to |
| monitor:containers:<host>    | hash   | container by name; expires after `REPORT_TTL_S` |
| monitor:starts:<host>        | string | how often the collector was started; expires after `STARTS_S` |
| monitor:hosts                | zset   | host by last write in ms: `HOST_RETENTION_S` |
| monitor:joined               | zset   | host by first write in ms, until forgotten   |
| monitor:doorbell             | stream | MAXLEN: `ACCESS_CHANGES_KEPT`                |
| monitor:logs                 | stream | MAXLEN `LOG_NEWS`: the log groups that changed |
| monitor:logs:recent          | zset   | log group by last_at in µs: the newest `LOG_GROUPS` |
| monitor:logs:group:<id>      | hash   | line, owner, first_us, last_us, count; `LOG_RETENTION_S` |
| monitor:logs:dropped         | hash   | lines dropped, by hour since 1970: some 30 hours |
| monitor:logs:batch:<id>      | string | expires after a minute                       |
"""

SAMPLES = "monitor:samples"
HOSTS = "monitor:hosts"
JOINED = "monitor:joined"
ACCESS_CHANGES = "monitor:doorbell"

LOGS = "monitor:logs"
RECENT_LOGS = "monitor:logs:recent"
DROPPED_LOGS = "monitor:logs:dropped"

LOG_RETENTION_S = 86_400
"""How long a log group that does not repeat is kept, in seconds."""

LOG_GROUPS = 200
"""Log groups kept at most, the newest: some 2 MB at their longest."""

LOG_NEWS = 1000
"""Entries of `LOGS` kept, give or take a node of 100: who missed more reads the groups themselves."""

RETENTION_S = 3600
"""How much of the past the stream holds, in seconds. The page's longest live range is one hour."""

HOST_RETENTION_S = 7 * 86_400
"""How long a silent host stays on the list, in seconds, unless it is forgotten: an outage must not tidy itself away."""

CLOCK = "monitor:clock"
OFFSET = "offset"
"""Field of `CLOCK`: what is added to Redis' own clock (ms), so that a jump of it moves nothing; see `append`."""

INTERVAL_S = 3.0
"""Between two samples of a host, in seconds, where nothing else is said; as in the settings."""

TRIAL = "monitor:trial"
"""Written, for a moment, to see whether anything can be."""

ACCESS_CHANGES_KEPT = 16
"""How many changes of access are kept: a listener needs the newest alone."""

REPORT_TTL_S = 600
"""How long a container that reports no more is still shown, silent, in seconds."""

SOURCE = "\x1f"
"""Between a container's name and what tells it apart from another of the same name."""

REPORTS_KEPT = 50
"""With more of them than that, those of a host that are older than `REPORT_TTL_S` are taken away."""


STARTS_S = 600
"""How long a start of the collector counts, from the first one on, in seconds."""


def starts(host: str) -> str:
    """How often a host's collector was started without having ended in good order before."""
    return f"monitor:starts:{host}"


def containers(host: str) -> str:
    """Hash of what the containers of a host report of themselves: "<epoch ms> <JSON>" by name."""
    return f"monitor:containers:{host}"


def slots(host: str) -> str:
    """Sorted set of the slots for which `host` has already written its sample, by when (ms)."""
    return f"monitor:slots:{host}"


def holder(host: str) -> str:
    """Hash of the collector that reports as `host` and when it was seen; when another last tried to, and how often."""
    return f"monitor:holder:{host}"


def log_group(group_id: str) -> str:
    """Hash of one log group."""
    return f"monitor:logs:group:{group_id}"


def log_batch(batch_id: str) -> str:
    """Key whose existence says that these lines have been written."""
    return f"monitor:logs:batch:{batch_id}"


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
