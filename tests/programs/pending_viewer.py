"""Viewers under gevent whose sockets are full: what is sent to them arrives in order, and a dropped one leaves no file.

Prints "in order:" and how many events it has sent.
"""

from gevent import monkey

monkey.patch_all()
import socket  # noqa: E402
from pathlib import Path  # noqa: E402

from app.live.viewer import Viewer, wait_for_flushes  # noqa: E402

server = socket.create_server(("127.0.0.1", 0))
ended: list[Viewer] = []


def connect() -> tuple[socket.socket, Viewer]:
    """A reader, and the viewer that writes to it."""
    reader = socket.create_connection(server.getsockname())
    writer, _ = server.accept()
    writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return reader, Viewer(
        writer.detach(),
        user="1",
        email="a",
        address="",
        credential="token:x",
        is_chunked=True,
        longest_s=60,
        on_end=ended.append,
    )


reader, viewer = connect()
sent = 0
while not viewer._pending:  # Until the kernel takes no more.
    viewer.send(b"%06d" % sent + b"x" * 2000)
    sent += 1
reader.setblocking(False)
received = bytearray()
try:
    while True:
        received += reader.recv(1 << 20)
except BlockingIOError:
    pass
for _ in range(3):  # There is room again, and the greenlet that waits for it has not had its turn yet.
    viewer.send(b"%06d" % sent + b"x" * 2000)
    sent += 1
viewer.finish("test")
assert ended == [viewer]
reader.setblocking(True)
reader.settimeout(60)
while data := reader.recv(1 << 20):
    received += data
chunks, rest = [], bytes(received)
while rest:
    size, rest = rest.split(b"\r\n", 1)
    chunks.append(rest[: int(size, 16)])
    rest = rest[int(size, 16) + 2 :]
assert [chunk[:6] for chunk in chunks] == [b"%06d" % number for number in range(sent)] + [b"event:", b""], chunks

reader.close()
files = len(list(Path("/proc/self/fd").iterdir()))
for _ in range(3):
    reader, viewer = connect()
    while viewer._is_open:  # Nobody reads: in the end it is dropped.
        viewer.send(b"x" * 20_000)
    reader.close()
wait_for_flushes(60)
assert (len(ended), len(list(Path("/proc/self/fd").iterdir()))) == (4, files)
print("in order:", sent)
