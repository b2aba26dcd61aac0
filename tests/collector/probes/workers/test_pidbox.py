"""The answers of the workers as messages: whatever a worker writes, and whenever it comes."""

import json

from collector.probes.workers.pidbox import (
    CONTENT_TYPE,
    MAX_ANSWER_BYTES,
    Answers,
    Inbox,
    Message,
    Method,
    Question,
    envelope,
    open_envelope,
    read_answers,
)


def message(answer: object, method: Method = Method.QUEUES) -> Message:
    return Message(Question(method).new_ticket(), CONTENT_TYPE, json.dumps(answer).encode())


def test_an_answer_waits_for_whoever_asks_for_its_method() -> None:
    inbox = Inbox()
    late, fresh = message({"a": []}), message({"b": {}}, Method.STATS)
    inbox.put(late)
    inbox.put(fresh)

    assert inbox.take(Method.STATS) == [fresh]
    assert inbox.has(Method.QUEUES)
    assert inbox.take(Method.QUEUES) == [late]
    assert not inbox.has(Method.QUEUES)


def test_an_answer_without_a_ticket_of_ours_counts_as_one_for_the_queues() -> None:
    for ticket in (None, 7, "", "stats", "shutdown.1"):
        expected = Method.STATS if ticket == "stats" else Method.QUEUES
        assert Message(ticket, CONTENT_TYPE, b"").method is expected


def test_what_is_too_long_no_json_or_no_answer_is_counted_and_not_read() -> None:
    too_long = Message(None, CONTENT_TYPE, b'{"a": "' + b"x" * MAX_ANSWER_BYTES + b'"}')
    pickled, broken = Message(None, "application/x-python-serialize", b"{}"), Message(None, CONTENT_TYPE, b"{")

    answers = read_answers([too_long, pickled, broken, message([1]), message({"w": [{"name": "dispatch"}]})])

    assert answers == Answers(said={"w": [{"name": "dispatch"}]}, unreadable=4)
    assert answers.queues == {"w": frozenset({"dispatch"})}


def test_the_envelope_of_redis_keeps_the_ticket() -> None:
    sent = json.loads(envelope(b'{"w": []}'))
    sent["headers"] = {"ticket": "stats.1", "clock": 3}

    assert open_envelope(json.dumps(sent).encode()) == Message("stats.1", CONTENT_TYPE, b'{"w": []}')
