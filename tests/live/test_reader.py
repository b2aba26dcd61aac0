"""The reader that feeds every viewer of a process, against a real Redis."""

import time

import pytest

from app.live import reader
from app.live.freshness import Freshness
from app.live.hub import Hub
from app.live.log_feed import LogFeed
from app.live.reader import Reader
from store.logs.log_store import LogStore
from store.samples.live import LiveStore, redis_client
from tests.builders import make_sample

pytestmark = pytest.mark.live


class Seen(Exception):
    """The reader has got what was written."""


class Interrupted(LiveStore):
    """A sample is written just when a question that found nothing has been answered."""

    is_read = False
    written = 0

    def last_id(self):
        if self.is_read and self.written < 3:
            self.written += 1
            self.append(make_sample(slot=self.written))
        return super().last_id()

    def follow(self, *arguments, **options):
        self.is_read = True
        news = super().follow(*arguments, **options)
        if self.written == 3 and not news.entries:
            raise Seen
        return news


def test_a_sample_that_comes_between_two_questions_does_not_make_the_reader_begin_again(redis_url, monkeypatch):
    monkeypatch.setattr(reader, "BLOCK_MS", 10)
    with redis_client(redis_url) as client:
        store = Interrupted(client)
        store.append(make_sample(slot=0))
        hub = Hub(Freshness(3.0, time.monotonic))
        follower = Reader(store, hub, LogFeed(LogStore(client), hub.viewers.send))
        follower._catch_up()

        with pytest.raises(Seen):  # It returns when it has to begin again.
            follower._follow()

    assert hub.freshness.newest("web-1")["sample"]["slot"] == 3
