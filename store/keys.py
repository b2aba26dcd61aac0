"""Every Redis key of the panel: its pattern, its type and its bound; and the ids of the stream. [pure]

| key                          | type   | bounded by                                   |
|------------------------------|--------|----------------------------------------------|
| monitor:samples              | stream | MINID: entries older than `RETENTION_S` go; MAXLEN in any case |
| monitor:clock                | hash   | three fields: what `append.lua` knows of Redis' clock |
| monitor:slots:<host>         | zset   | slot by when it was written: those of the last `CLAIM_INTERVALS` |
| monitor:holder:<host>        | hash   | five fields: which collector reports as this host, which other wants to |
| monitor:containers:<host>    | hash   | container by name; expires after `REPORT_TTL_S` |
| monitor:workload:<host>      | string | the workers' tables of a host; expires after `WORKLOAD_TTL_S` or a few ticks |
| monitor:starts:<host>        | string | how often the collector was started; expires after `STARTS_S` |
| monitor:hosts                | zset   | host by last write in ms: `HOST_RETENTION_S` |
| monitor:joined               | zset   | host by first write in ms, until forgotten   |
| monitor:doorbell             | stream | MAXLEN: `ACCESS_CHANGES_KEPT`                |
| monitor:logs                 | stream | MAXLEN `LOG_NEWS`: the log groups that changed |
| monitor:logs:recent          | zset   | log group by last_at in µs: the newest `LOG_GROUPS` |
| monitor:logs:group:<id>      | hash   | line, owner, first_us, last_us, count, began_us; `LOG_RETENTION_S` |
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
"""How long a log group that does not repeat lasts, in seconds."""

LOG_GROUPS = 200
"""Most log groups kept, the newest: some 2 MB at their longest."""

LOG_NEWS = 1000
"""Entries of `LOGS` kept, give or take a node of 100. Readers further behind re-read all groups."""

RETENTION_S = 3600
"""How much of the past the stream holds, in seconds. The page's longest live range is one hour."""

HOST_RETENTION_S = 7 * 86_400
"""How long a silent host stays on the list, in seconds: an outage must not tidy itself away."""

CLOCK = "monitor:clock"
OFFSET = "offset"
"""Field of `CLOCK`: the correction of Redis' own clock (ms), which takes a jump out; see `append`."""

INTERVAL_S = 3.0
"""Default time between two samples of a host, in seconds; as in the settings."""

TRIAL = "monitor:trial"
"""Written for a moment, to see whether Redis takes writes."""

ACCESS_CHANGES_KEPT = 16
"""How many changes of access are kept: a listener needs the newest alone."""

REPORT_TTL_S = 600
"""How long the page still shows a container that has stopped reporting, in seconds."""

SOURCE = "\x1f"
"""Separates a container's name from the id that tells it from others with the same name."""

REPORTS_KEPT = 50
"""Above this number, a host's reports older than `REPORT_TTL_S` are deleted."""


WORKLOAD_TTL_S = 60
"""How long a host's workers' tables are kept, in seconds."""

STARTS_S = 600
"""How long starts of the collector count, from the first one, in seconds."""


def starts(host: str) -> str:
    """Number of starts of a host's collector since its last orderly end."""
    return f"monitor:starts:{host}"


def containers(host: str) -> str:
    """Hash of the reports of a host's containers: "<epoch ms> <JSON>" by name."""
    return f"monitor:containers:{host}"


def workload(host: str) -> str:
    """The workers' tables of a host: "<epoch ms> <JSON>"."""
    return f"monitor:workload:{host}"


def slots(host: str) -> str:
    """Sorted set of the slots that have a sample of `host`, by the time of the write (ms)."""
    return f"monitor:slots:{host}"


def holder(host: str) -> str:
    """Hash: which collector reports as `host` and its last write; when another one last tried, and how often."""
    return f"monitor:holder:{host}"


def log_group(group_id: str) -> str:
    """Hash of one log group."""
    return f"monitor:logs:group:{group_id}"


def log_batch(batch_id: str) -> str:
    """A key that exists once these lines are written."""
    return f"monitor:logs:batch:{batch_id}"


NO_ID = "0-0"
"""The stream id before every entry."""

ID_PATTERN = r"[0-9]{1,20}-[0-9]{1,20}"
"""Form of a stream id: milliseconds and a sequence number, both unsigned 64-bit."""


def id_key(entry_id: str) -> tuple[int, int]:
    """A stream id as a pair that compares as Redis compares ids."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence)


def id_seconds(entry_id: str) -> float:
    """When the entry was added: epoch s by Redis' clock."""
    return id_key(entry_id)[0] / 1000
