"""The programs of the stack, and supervisord's configuration for them. [pure]"""

import shlex
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from standalone.environment import withheld

STOP_S = 2
"""How long a program may take to end before it is killed. supervisord looks up to a second late at each step, and all
must be gone 5 s after Ctrl-C."""

DEMO_WORKER = (
    "worker",
    "--pool",
    "threads",
    "--concurrency",
    "4",
    "--without-gossip",
    "--without-mingle",
    "--task-events",
)


@dataclass(frozen=True)
class Program:
    """One process under the manager. Its output goes to `<data dir>/log/<name>.log`."""

    name: str
    command: tuple[str, ...]


def python(*arguments: str) -> tuple[str, ...]:
    """A command that runs a module with the Python that runs this one."""
    return (sys.executable, "-m", *arguments)


BEAT = Program("beat", python("collector", "beat"))
COLLECTOR = Program("collector", python("collector", "worker"))
BEAT_AND_COLLECTOR = Program("collector", python("collector", "worker", "--beat"))
"""Both in one process: enough for one host, and 30 MB less."""
# The graceful time-out is shorter than in production, where a proxy waits for requests to end.
WEB = Program("web", python("gunicorn", "-c", "gunicorn.conf.py", "--graceful-timeout", "1", "app:create_app()"))
DEMO = Program("demo", python("celery", "-A", "demo.app", *DEMO_WORKER, "--loglevel", "WARNING"))


def embedded_redis(binary: Path, config: Path) -> Program:
    """The Redis of the data directory."""
    return Program("redis", (str(binary), str(config)))


def log_path(data_dir: Path, name: str) -> Path:
    """Where a program's output goes."""
    return data_dir / "log" / f"{name}.log"


def supervisor_config(root: Path, programs: Sequence[Program], given: Collection[str]) -> str:
    """The manager's configuration; its working directory is the data directory.

    It holds no secret: each program inherits the environment without other programs' secrets. `given` names the
    environment's variables.
    """
    announce = Program("announce", python("standalone.announce"))
    sections = [_SUPERVISORD, _ANNOUNCE.format(command=_spell(announce, given), root=_escape(root))]
    for program in programs:
        command = _spell(program, given)
        sections.append(_PROGRAM.format(name=program.name, command=command, root=_escape(root), stop_s=STOP_S))
    # One group, since supervisord stops group after group, and the waits would add up.
    names = ",".join(["announce", *(program.name for program in programs)])
    return "".join([*sections, f"[group:monitor]\nprograms={names}\n"])


def _spell(program: Program, given: Collection[str]) -> str:
    # supervisord can only add to an environment. `env` becomes the program: it leaves no process behind.
    taken = [f"--unset={name}" for name in withheld(program.name, given)]
    return _escape(shlex.join((*(("env", *taken) if taken else ()), *program.command)))


def _escape(text: str | Path) -> str:
    return str(text).replace("%", "%%")


# Relative paths, since supervisord expands the percent signs of a log file's path twice.
_SUPERVISORD = """\
[supervisord]
nodaemon=true
silent=true
logfile=log/manager.log
logfile_maxbytes=1MB
logfile_backups=1
pidfile=manager.pid
umask=077

"""

# A program that runs for a second has started; one that dies later is started again at once, one that dies sooner
# after a pause that grows by a second each time, without end.
_PROGRAM = """\
[program:{name}]
command={command}
directory={root}
autorestart=true
startsecs=1
startretries=1000000
stopwaitsecs={stop_s}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile=log/{name}.log
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=2

"""

_ANNOUNCE = """\
[program:announce]
command={command}
directory={root}
autorestart=false
startsecs=0
stopasgroup=true
redirect_stderr=true
stdout_logfile=/dev/stdout
stdout_logfile_maxbytes=0

"""
