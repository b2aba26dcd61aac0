"""Reads the bytes of events as a browser does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.live import sse


def parse(data: bytes) -> list[dict[str, str]]:
    """The events that a client dispatches by WHATWG HTML 9.2.6."""
    events, fields = [], {}
    for line in data.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line:
            if "data" in fields:
                events.append(fields)
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields['data']}\n{value}" if name == "data" and "data" in fields else value
    return events


def test_an_event_carries_its_type_id_and_data():
    data = sse.Event({"cpu": 1.5}, type="system_stats", id="1-0").encode()

    assert parse(data) == [{"event": "system_stats", "id": "1-0", "data": '{"cpu":1.5}'}]


def test_an_empty_message_is_still_dispatched():
    assert parse(sse.Event("").encode()) == [{"data": ""}]


def test_an_id_of_zero_is_kept():
    assert parse(sse.Event("x", id=0, retry=0).encode()) == [{"id": "0", "retry": "0", "data": "x"}]


@pytest.mark.parametrize("forged", ["1\ndata: evil", "1\revent: evil", "1\0"])
def test_a_line_break_in_an_id_or_type_is_refused(forged):
    for event in (sse.Event("x", id=forged), sse.Event("x", type=forged)):
        with pytest.raises(ValueError, match="line break"):
            event.encode()


@given(st.text())
def test_any_text_stays_within_its_one_event(text):
    expected = text.replace("\r\n", "\n").replace("\r", "\n")

    assert [event["data"] for event in parse(sse.Event(text, type="t").encode())] == [expected]


def test_a_comment_is_seen_by_proxies_only():
    assert parse(sse.comment("hello")) == []
    assert sse.comment() == b": \n\n"


def test_json_data_is_one_line():
    assert parse(sse.Event({"text": "a\nb\u2028c"}).encode())[0]["data"] == json.dumps(
        {"text": "a\nb\u2028c"}, separators=(",", ":")
    )


def test_a_chunk_says_its_length_in_hex():
    assert sse.chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
