"""Cleans a logged line and finds its group."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import BadEntry
from store.logs import log_group
from store.logs.log_group import (
    LOOKED_AT_CHARACTERS,
    MESSAGE_BYTES,
    TRACEBACK_BYTES,
    Batch,
    Level,
    LogLine,
    parse_group,
)
from store.logs.redaction import redact
from tests.hostile import FORGERIES, LEAKS, PEM

LONG_KEY = "-----BEGIN PRIVATE KEY-----\n" + "QUJDREVGR0g=\n" * 400 + "-----END PRIVATE KEY-----"


def line(message="boom", **values):
    return LogLine(
        **{"service": "backend", "host": "web-1", "level": Level.ERROR, "logger": "x", "message": message, **values}
    )


@pytest.mark.parametrize("text", FORGERIES)
def test_what_acts_on_a_terminal_or_a_reader_is_spelled_out(text):
    clean = line(text, traceback=text).clean()

    assert clean.message.isprintable()
    assert clean.traceback.replace("\n", "").replace("\t", "").isprintable()
    assert json.loads(clean.to_json())["message"] == clean.message


def test_escapes_show_what_was_there():
    assert line("a\x1b[31m\x00\u202e\udc80\r\nb").clean().message == r"a\x1b[31m\x00\u202e\udc80\x0d\nb"


def test_a_megabyte_becomes_a_line():
    clean = line("é" * 1_000_000, traceback="frame\n" * 200_000 + "the end").clean()

    assert len(clean.message.encode()) <= MESSAGE_BYTES
    assert clean.message.endswith("…")
    assert len(clean.traceback.encode()) <= TRACEBACK_BYTES
    assert clean.traceback.startswith("frame\n")
    assert clean.traceback.endswith("the end")


@pytest.mark.parametrize("before", range(16_384 - 60, 16_384 + 1, 7))
@pytest.mark.parametrize(
    ("text", "secret"), [("joao.silva@exemplo.com.br", "joao"), ("4111 1111 1111 1111", "1111"), (PEM, "MII")]
)
def test_no_half_of_a_secret_is_left_where_a_text_was_cut(before, text, secret):
    # Marks shorten what stands before, so that the place of the cut comes into what is kept.
    blanks = "password=" + "x" * (before - 10)

    assert secret not in line(f"{blanks} {text} {'y' * 9}").clean().message


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password=hunter2hunter2", "unter2"),
        ("4111 1111 1111 1111", "1111 1111"),
        (PEM, "MII"),
        (LONG_KEY, "QUJD"),
        (f"key = {LONG_KEY!r}", "QUJD"),
        (LONG_KEY + "\nTraceback", "QUJD"),
    ],
    ids=["name", "card", "key", "long key", "key in one line", "key and more"],
)
def test_no_half_of_a_secret_is_left_where_the_middle_of_a_traceback_was_left_out(text, secret):
    end = LOOKED_AT_CHARACTERS * 2 // 3
    for place in range(0, len(text) + 1, 1 + len(text) // 20):  # Where in it the part begins that is looked at.
        rest = ("z\n" * end)[: end - (len(text) - place) - 1]
        trace = "frame\n" * 2000 + text + "\n" + rest
        assert trace[-end:].startswith(text[place:])

        assert secret not in line(traceback=trace).clean().traceback


def test_of_a_long_traceback_the_beginning_and_the_end_are_kept():
    trace = "Traceback:\n" + "".join(f"  frame {number}\n" for number in range(9000)) + "ValueError: the end"
    kept = line(traceback=trace).clean().traceback

    assert kept.startswith("Traceback:\n  frame 0\n")
    assert kept.endswith("  frame 8999\nValueError: the end")


@pytest.mark.parametrize("field", ["message", "traceback", "service", "host", "logger", "task"])
def test_no_text_of_a_line_is_looked_at_beyond_its_bound(field, monkeypatch):
    looked_at = []
    monkeypatch.setattr(log_group, "redact", lambda text: looked_at.append(len(text)) or redact(text))

    line(**{field: "111.444.777-35\n" * 4300}).clean()

    assert max(looked_at) <= LOOKED_AT_CHARACTERS + len(log_group.CUT)
    assert sum(looked_at) <= LOOKED_AT_CHARACTERS + 100


@pytest.mark.parametrize(("text", "secret"), LEAKS)
def test_every_text_of_a_line_is_redacted(text, secret):
    clean = line(text, traceback=f"Traceback\n{text}", logger=text, task=text, service=text, host=text).clean()

    assert secret not in clean.to_json().decode()


@given(st.text(), st.text())
def test_whatever_comes_can_be_stored_and_shown(message, trace):
    clean = line(message, traceback=trace).clean()

    assert json.loads(clean.to_json())["traceback"] == clean.traceback
    assert not any(ord(character) < 0x20 for character in clean.message)
    clean.message.encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [("order 12 failed", "order 4711 failed"), ("at 0xdeadbeef", "at 0x7f00aa12"), ("key deadbeef01", "key cafe012345"),
     ("id 550e8400-e29b-41d4-a716-446655440000", "id 00000000-0000-4000-8000-00000000000a")],
)  # fmt: skip
def test_lines_that_differ_by_a_number_are_one_group(one, other):
    assert line(one).fingerprint == line(other).fingerprint


def test_lines_that_differ_otherwise_are_groups_of_their_own():
    lines = [line(), line("bang"), line(host="web-2"), line(service="x"), line(level=Level.CRITICAL), line(logger="y"),
             line(task="t"), line("defaced"), line("acceded")]  # fmt: skip

    assert len({each.fingerprint for each in lines}) == len(lines)


def test_repeats_that_come_together_are_counted():
    [batch] = Batch.gather([(line("order 1"), 3.0), (line("order 2"), 1.0), (line("order 3"), 2.0)]).values()

    assert (batch.line.message, batch.count, batch.oldest_age_s, batch.newest_age_s) == ("order 3", 3, 3.0, 1.0)


GOOD = line().clean().to_json()


def test_a_group_is_read_back_as_it_travels():
    assert parse_group("0" * 16, [GOOD, b"1500000", b"2500000", b"7", b"1500000 2000000"]) == {
        "id": "0" * 16, "host": "web-1", "service": "backend", "level": "error", "logger": "x", "message": "boom",
        "traceback": None, "task": None, "first_at": 1.5, "last_at": 2.5, "count": 7, "began_at": [1.5, 2.0],
    }  # fmt: skip


def test_a_group_written_before_spells_were_kept_began_with_its_first_line():
    assert parse_group("0" * 16, [GOOD, b"1500000", b"2500000", b"7", None])["began_at"] == [1.5]


def test_a_group_tells_the_newest_spells_only():
    spells = " ".join(str(number * 1_000_000) for number in range(100)).encode()

    assert parse_group("0" * 16, [GOOD, b"0", b"99000000", b"100", spells])["began_at"] == list(range(80, 100))


@pytest.mark.parametrize(
    "values",
    [None, [], [None] * 5, [GOOD, b"x", b"1", b"1", b""], [GOOD, b"1", b"9" * 400, b"1", b""],
     [b"\xff", b"1", b"1", b"1", b""], [b"[" * 100_000, b"1", b"1", b"1", b""], [b"[]", b"1", b"1", b"1", b""],
     [b"{}", b"1", b"1", b"1", b""], [GOOD, b"1", b"1"], [GOOD, b"1", b"1", b"1", b"soon"],
     [GOOD.replace(b'"error"', b'"loud"'), b"1", b"1", b"1", b""],
     [GOOD.replace(b'"boom"', b"7"), b"1", b"1", b"1", b""]],
)  # fmt: skip
def test_what_is_no_group_is_refused(values):
    with pytest.raises(BadEntry):
        parse_group("0" * 16, values)
