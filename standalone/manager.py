"""The process manager in the foreground: supervisord, which ends when its terminal is closed.

Supervisor's own `main` takes SIGHUP for a request to start anew. Nobody could end the stack then: the terminal is gone.
"""

import os
import sys
from pathlib import Path

from supervisor import supervisord
from supervisor.options import ServerOptions


def main(config: str) -> None:
    """Run the programs that `config` names, from its directory, until a signal ends them all."""
    os.chdir(Path(config).parent)
    options = ServerOptions()
    options.realize(["-c", config])
    options.first = True
    options.test = False
    supervisord.go(options)


if __name__ == "__main__":
    main(sys.argv[1])
