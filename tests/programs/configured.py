"""A service that sets up its logging by `dictConfig`, twice, as a reload does."""

import logging
import logging.config
import sys

from tests.programs.attached import be_patient

CONFIG = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"theirs": {"format": "[%(levelname)s] %(message)s"}},
    "filters": {"no_health": {"()": "tests.programs.configured.NoHealth"}},
    "handlers": {
        "panel": {
            "class": "collector.logs.CriticalLogHandler",
            "redis_url": sys.argv[1],
            "service": "backend",
            "level": "CRITICAL",
            "formatter": "theirs",
            "filters": ["no_health"],
        },
    },
    "root": {"handlers": ["panel"], "level": "INFO"},
}


class NoHealth(logging.Filter):
    """Keeps the health checks out, and renames the shop, by a record of its own."""

    def filter(self, record: logging.LogRecord) -> bool | logging.LogRecord:  # type: ignore[override]
        """A record in its place is Python 3.12's."""
        if "health" in str(record.msg):
            return False
        if sys.version_info < (3, 12):
            return True
        other = logging.makeLogRecord(record.__dict__)
        other.name = record.name.replace("shop", "zapvoice")
        return other


if __name__ == "__main__":
    be_patient()
    for round_number in range(2):
        logging.config.dictConfig(CONFIG)
        log = logging.getLogger("shop.calls")
        log.error("below its level")
        log.critical("health check %d", round_number)
        try:
            raise TimeoutError("no gateway")
        except TimeoutError:
            log.critical("round %d", round_number, exc_info=True)
