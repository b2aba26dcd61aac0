"""The process manager in the foreground: supervisord, with two changes that suit a terminal."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from supervisor import supervisord
from supervisor.medusa.asyncore_25 import file_dispatcher
from supervisor.options import ServerOptions


class Waker(file_dispatcher):
    """The end of a pipe into which Python writes a byte for every signal; reading it wakes the manager's loop."""

    def writable(self) -> bool:
        """Never: it is only read."""
        return False

    def handle_read(self) -> None:
        """Empty the pipe; what was signalled, the loop itself looks up."""
        self.recv(4096)


class Options(ServerOptions):
    """supervisord lets a signal wait for up to a second, and takes a closed terminal for a wish to start anew."""

    def setsignals(self) -> None:
        """Let a signal, a child's end among them, wake the loop at once."""
        super().setsignals()
        reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        Waker(reading, map=self.get_socket_map())
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        os.write(writing, b"\0")  # The programs are started after the first wait; without this it lasts a second.

    def get_signal(self) -> int | None:
        """The next signal received; with the terminal gone, nobody could end the stack, so that ends it."""
        signum: Any = super().get_signal()
        return signal.SIGTERM if signum == signal.SIGHUP else signum


def main(config: str) -> None:
    """Run the programs that `config` names, from its directory, until a signal ends them all."""
    os.chdir(Path(config).parent)
    options = Options()
    options.realize(["-c", config])
    options.first = True
    options.test = False
    supervisord.go(options)


if __name__ == "__main__":
    main(sys.argv[1])
