"""A viewer's bytes, in order, on a real socket."""

import subprocess
import sys

from tests.web import ROOT

CODE = """
from gevent import monkey; monkey.patch_all()
import gevent, socket
from app.viewer import Viewer
server = socket.create_server(("127.0.0.1", 0))
reader = socket.create_connection(server.getsockname())
writer, _ = server.accept()
writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
viewer = Viewer("1", "token:x", writer, is_chunked=True, longest_s=60)
body = gevent.spawn(lambda: list(viewer.frames()))
gevent.sleep(0)
sent = 0
while not viewer._pending:  # Until the kernel takes no more.
    viewer.send(b"%06d" % sent + b"x" * 2000); sent += 1
reader.setblocking(False)
received = bytearray()
try:
    while True:
        received += reader.recv(1 << 20)
except BlockingIOError:
    pass
for _ in range(3):  # There is room again, and the viewer's own greenlet has not had its turn yet.
    viewer.send(b"%06d" % sent + b"x" * 2000); sent += 1
viewer.finish("test")
reader.setblocking(True)
reader.settimeout(5)
body.join(5)
writer.shutdown(socket.SHUT_WR)
while data := reader.recv(1 << 20):
    received += data
chunks, rest = [], bytes(received)
while rest:
    size, rest = rest.split(b"\\r\\n", 1)
    chunks.append(rest[: int(size, 16)]); rest = rest[int(size, 16) + 2 :]
assert [chunk[:6] for chunk in chunks] == [b"%06d" % number for number in range(sent)] + [b"event:"], chunks
print("in order:", sent)
"""


def test_an_event_never_overtakes_what_is_still_pending():
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )

    assert done.stdout.startswith("in order:"), done.stderr
