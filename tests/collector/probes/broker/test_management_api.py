"""The management API's client with a server that closes connections, redirects, or is silent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from collector.probes.broker import management_api
from collector.probes.broker.management_api import ManagementApi

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
REDIRECT = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n"


@contextmanager
def server(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Answers one question on each connection and then ends it, without having said so. Its URL, and what it was sent.

    Without an answer it says nothing until the client leaves.
    """
    questions: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    questions.append(connection.recv(65536))
                    connection.sendall(answer) if answer else connection.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://ana:se%40cret@127.0.0.1:{listener.getsockname()[1]}", questions
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(60)


def test_a_kept_connection_that_the_server_has_ended_costs_no_answer() -> None:
    with server(ANSWER) as (url, questions):
        api = ManagementApi(url)
        answers = [api.get("/api/queues") for _ in range(3)]
        api.close()

    assert answers == [(200, b"{}")] * 3
    assert all(b"Authorization: Basic YW5hOnNlQGNyZXQ=" in question for question in questions)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with server(REDIRECT) as (url, questions):
        api = ManagementApi(url)
        assert api.get("/api/queues") == (302, b"")
        api.close()

    assert len(questions) == 1


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(management_api, "ANSWER_S", 0.1)
    with server(b"") as (url, questions):
        api = ManagementApi(url)
        with pytest.raises(TimeoutError):
            api.get("/api/queues")

    assert len(questions) == 1
