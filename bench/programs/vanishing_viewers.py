"""Opens streams from another network namespace, and reads what comes until its network is gone.

python bench/programs/vanishing_viewers.py ADDRESS PORT AUTHORIZATION COUNT
"""

import selectors
import socket
import sys

head = f"GET /stream HTTP/1.1\r\nHost: x\r\nAuthorization: {sys.argv[3]}\r\n\r\n".encode()
chooser = selectors.DefaultSelector()
for _ in range(int(sys.argv[4])):
    connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10)
    connection.sendall(head)
    chooser.register(connection, selectors.EVENT_READ)
print("open", flush=True)
while True:
    for key, _ in chooser.select():
        key.fileobj.recv(65536)  # type: ignore[union-attr]
