"""The collector's own process, alive and consuming nothing."""

import pytest

from tests.collectors import CELERY, running
from tests.process import PATIENCE_S

pytestmark = pytest.mark.live


def test_a_collector_that_takes_no_ticks_ends_so_that_it_is_started_anew(redis_url, tmp_path):
    where = {"redis_url": redis_url, "directory": tmp_path, "SAMPLE_INTERVAL_S": "0.2"}
    with (
        running(*CELERY, "beat", "--pidfile=", **where),
        # A queue that nobody fills stands for a consumer that has silently lost its own.
        running(*CELERY, "worker", "-Q", "another", **where) as collector,
    ):
        assert collector.wait(PATIENCE_S) == 70
