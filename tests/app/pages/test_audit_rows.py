"""An opening and an end of a live connection are one row where it is clear that they belong together."""

from app.accounts.audit import StoredEvent
from app.pages.audit_rows import join_connections


def events(*texts):
    """Newest first, from texts like "open ana": each is a second older than the one before it."""
    kinds = {"open": "stream_opened", "close": "stream_closed", "login": "login_ok"}
    made = []
    for number, text in enumerate(texts):
        kind, who, count = (*text.split(), 1)[:3]
        made.append(StoredEvent(100.0 - number, kinds[kind], who, "192.0.2.7", kind, int(count), id=900 - number))
    return made


def kinds(*texts):
    return [(row.kind, row.who) for row in join_connections(events(*texts))]


def test_a_connection_stands_where_it_began_and_tells_its_end_and_why():
    [login, connection] = join_connections(events("close ana", "login ana", "open ana"))

    assert login.kind == "login_ok"
    assert (connection.kind, connection.at, connection.until, connection.detail) == ("stream", 98.0, 100.0, "close")


def test_each_user_has_connections_of_their_own():
    assert kinds("close bob", "close ana", "open bob", "open ana") == [("stream", "bob"), ("stream", "ana")]


def test_one_that_is_still_open_and_one_that_began_on_an_older_page_stay_single():
    assert kinds("open ana", "close ana", "open ana", "close ana") == [
        ("stream_opened", "ana"), ("stream", "ana"), ("stream_closed", "ana"),
    ]  # fmt: skip


def test_two_tabs_at_once_are_not_joined_because_nothing_tells_which_of_them_ended():
    tabs = ("close ana", "close ana", "open ana", "open ana")

    assert kinds(*tabs) == [("stream_closed", "ana")] * 2 + [("stream_opened", "ana")] * 2
    assert kinds("close ana", "open ana", *tabs)[0] == ("stream", "ana")


def test_the_surplus_of_a_busy_minute_belongs_to_no_row():
    assert kinds("close ana", "open ana 7") == [("stream_closed", "ana"), ("stream_opened", "ana")]
