"""What viewers are told of log groups that change while they are being told, from a real Redis."""

import json

import pytest

from app.live.log_feed import LogFeed
from store.errors import StoreUnavailable
from store.logs.log_group import Batch, Level, LogLine
from store.logs.log_store import LogStore
from store.samples.live import redis_client

pytestmark = pytest.mark.live


class Busy(LogStore):
    """A store in which a group changes just when it has been read; when broken it does not answer."""

    feed: LogFeed | None = None
    is_broken = False

    def groups(self, ids):
        if self.is_broken:
            raise StoreUnavailable
        found = super().groups(ids)
        if self.feed is not None:
            feed, self.feed = self.feed, None
            write(self, 2)
            feed.note(ids)
        return found


def write(store: LogStore, number: int) -> str:
    """One more line of the one group there is; the group's id."""
    line = LogLine(service="backend", host="web-1", level=Level.ERROR, message="no route")
    batches = Batch.gather([(line, 0.0)])
    store.write(batches, batch_id=f"b{number}")
    return next(iter(batches))


def test_a_group_that_changes_while_it_is_told_is_told_once_more(redis_url):
    sent = []
    with redis_client(redis_url) as client:
        store = Busy(client)
        feed = store.feed = LogFeed(store, sent.append)
        feed.note([write(store, 1)])

        feed._send_round()
        feed._send_round()

    assert [json.loads(event.partition(b"data: ")[2])["count"] for event in sent] == [1, 2]


def test_what_could_not_be_read_is_told_when_the_store_is_back(redis_url):
    sent = []
    with redis_client(redis_url) as client:
        store = Busy(client)
        feed = LogFeed(store, sent.append)
        feed.note([write(store, 1)])
        store.is_broken = True
        with pytest.raises(StoreUnavailable):
            feed._send_round()
        store.is_broken = False

        feed._send_round()

    assert len(sent) == 1
