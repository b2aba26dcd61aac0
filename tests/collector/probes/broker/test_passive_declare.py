"""A closed connection is no answer, and above all no count of zero."""

import socket
from types import SimpleNamespace

from collector.probes.broker.passive_declare import PassiveDeclare


def test_a_connection_that_ends_before_the_first_answer_is_left_to_py_amqp() -> None:
    near, far = socket.socketpair()
    with near, far:
        declare = PassiveDeclare(SimpleNamespace(sock=near, _read_buffer=b""), 1, "dispatch")
        far.shutdown(socket.SHUT_WR)

        assert declare.ask() is None
