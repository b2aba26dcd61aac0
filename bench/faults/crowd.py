"""Two hundred well-behaved viewers in one thread, each with its own memory of what has reached it."""

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.faults.testbed import Testbed

COUNT = 200


@dataclass
class Member:
    """One viewer of the crowd, and what has reached it."""

    ids: list[str] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    """When each of its streams was opened (monotonic s)."""
    knocked: list[float] = field(default_factory=list)
    """When it connected for them; a server that is starting lets connections wait."""
    resets: int = 0
    retry_s: float = 2.0


class Crowd:
    """Half of them return as the page does, with a jitter of their own and `?after=`; half as a plain EventSource:
    after the server's `retry:`, with `Last-Event-ID`. Run in one thread."""

    def __init__(self, testbed: Testbed, count: int = COUNT) -> None:
        self._testbed = testbed
        self.members = [Member() for _ in range(count)]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def have_all(self, entry_id: str) -> bool:
        """Whether the event has reached everybody."""
        return all(entry_id in member.ids[-20:] for member in self.members)

    def returns(self, since: float) -> list[float]:
        """How long after `since` (monotonic s) each had a stream again, soonest first; not those who have none yet."""
        return self._first(since, (member.opened for member in self.members))

    def knocks(self, since: float) -> list[float]:
        """The same, of when each first got a connection again."""
        return self._first(since, (member.knocked for member in self.members))

    @staticmethod
    def _first(since: float, times: Iterable[list[float]]) -> list[float]:
        return sorted(min(later) - since for each in times if (later := [at for at in each if at > since]))

    def stop(self) -> None:
        """Everybody leaves."""
        self._loop.call_soon_threadsafe(self._everybody.cancel)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._watch_all())
        self._loop.close()

    async def _watch_all(self) -> None:
        watching = (self._watch(member, is_page=number % 2 == 0) for number, member in enumerate(self.members))
        self._everybody = asyncio.gather(*watching)
        with contextlib.suppress(asyncio.CancelledError):
            await self._everybody

    async def _watch(self, member: Member, *, is_page: bool) -> None:
        attempt = 0
        while True:
            opened = len(member.opened)
            with contextlib.suppress(OSError, EOFError):
                await self._follow(member, is_page=is_page)
            attempt = 1 if len(member.opened) > opened else attempt + 1
            jittered_s = 1 + random.random() * (min(30.0, 2.0**attempt) - 1)  # As backoff.js has it.
            await asyncio.sleep(jittered_s if is_page else member.retry_s)

    async def _follow(self, member: Member, *, is_page: bool) -> None:
        cursor = member.ids[-1] if member.ids else None
        path = f"/stream?after={cursor}" if is_page and cursor else "/stream"
        header = f"Last-Event-ID: {cursor}\r\n" if cursor and not is_page else ""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._testbed.port)
        member.knocked.append(time.monotonic())
        try:
            bearer = f"Authorization: {self._testbed.bearer('super_admin')['Authorization']}\r\n"
            writer.write(f"GET {path} HTTP/1.0\r\n{bearer}{header}\r\n".encode())
            while line := await reader.readline():
                self._fold(member, line.decode().rstrip("\n"))
        finally:
            writer.close()

    def _fold(self, member: Member, line: str) -> None:
        name, _, value = line.partition(": ")
        if name == "id":
            member.ids.append(value)
        elif name == "retry":
            member.retry_s = int(value) / 1000
        elif line == "event: hello":
            member.opened.append(time.monotonic())
        elif line == "event: reset":
            member.resets += 1
