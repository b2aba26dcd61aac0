"""The store of the containers' reports: one Redis hash for each host."""

from redis import Redis

from store import keys
from store.connection import translated
from store.samples.entries import Report, parse_report, store_time_s

_WRITE = """
local now = redis.call('TIME')
local offset = tonumber(redis.call('HGET', KEYS[2], ARGV[4])) or 0
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000) + offset
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', now_ms) .. ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[5]) then
    local all = redis.call('HGETALL', KEYS[1])
    for at = 1, #all, 2 do
        local at_ms = tonumber(string.match(all[at + 1], '^%d+')) or 0
        if math.abs(now_ms - at_ms) > ARGV[3] * 1000 then redis.call('HDEL', KEYS[1], all[at]) end
    end
end
"""


class ReportStore:
    """Every method raises StoreUnavailable when Redis does not answer in time, or refuses."""

    def __init__(self, client: "Redis") -> None:
        self._redis = client
        self._write = client.register_script(_WRITE)

    @translated
    def write(self, host: str, name: str, report: str, *, source: str = "") -> None:
        """Store the report of a container of `host` (JSON), stamped by the store's clock.

        `source` tells it apart from another container of the same name.
        """
        field = f"{name}{keys.SOURCE}{source}" if source else name
        self._write(
            keys=[keys.containers(host), keys.CLOCK],
            args=[field, report, keys.REPORT_TTL_S, keys.OFFSET, keys.REPORTS_KEPT],
        )

    @translated
    def read(self, host: str) -> list[Report]:
        """The reports of a host's containers within the last `REPORT_TTL_S`, by name."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.time()
        pipeline.hget(keys.CLOCK, keys.OFFSET)
        pipeline.hgetall(keys.containers(host))
        time, offset_ms, rows = pipeline.execute()
        now_ms = store_time_s(time, offset_ms) * 1000
        reports = (parse_report(name, value, now_ms) for name, value in sorted(rows.items()))
        return [report for report in reports if report and report.age_s <= keys.REPORT_TTL_S]
