"""A viewer's bytes, in order, on a real socket."""

import subprocess
import sys

from tests.process import PATIENCE_S
from tests.web import ROOT

CODE = """
from gevent import monkey; monkey.patch_all()
import gevent, os, socket
from app.live.viewer import Viewer, wait_for_slow
server = socket.create_server(("127.0.0.1", 0))
def connect():
    reader = socket.create_connection(server.getsockname())
    writer, _ = server.accept()
    writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return reader, Viewer(
        writer.detach(), user="1", who="a", address="", credential="token:x", is_chunked=True, longest_s=60,
        on_end=ended.append,
    )
ended = []
reader, viewer = connect()
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
for _ in range(3):  # There is room again, and who waits for it has not had its turn yet.
    viewer.send(b"%06d" % sent + b"x" * 2000); sent += 1
viewer.finish("test")
assert ended == [viewer]
reader.setblocking(True)
reader.settimeout(60)
while data := reader.recv(1 << 20):
    received += data
chunks, rest = [], bytes(received)
while rest:
    size, rest = rest.split(b"\\r\\n", 1)
    chunks.append(rest[: int(size, 16)]); rest = rest[int(size, 16) + 2 :]
assert [chunk[:6] for chunk in chunks] == [b"%06d" % number for number in range(sent)] + [b"event:", b""], chunks

reader.close()
files = len(os.listdir("/proc/self/fd"))
for _ in range(3):
    reader, viewer = connect()
    while viewer._is_open:  # Nobody reads: in the end it is dropped.
        viewer.send(b"x" * 20_000)
    reader.close()
wait_for_slow(60)
assert (len(ended), len(os.listdir("/proc/self/fd"))) == (4, files)
print("in order:", sent)
"""


def test_an_event_never_overtakes_what_is_still_pending_and_who_is_dropped_leaves_no_file_open():
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )

    assert done.stdout.startswith("in order:"), done.stderr
