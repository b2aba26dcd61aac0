"""The testbed: beat, collector and web under their process manager, with a real Redis, broker and PostgreSQL.

Between the stack and each of the three lies a link that can be spoiled. The stack's own database is either SQLite or
another database of a PostgreSQL of its own, behind a link as well.
"""

import sys
import threading
from collections.abc import Callable, Mapping, Sequence

import psutil

from app.accounts.accounts import Accounts
from app.accounts.migrations import migrate
from standalone import programs
from standalone.programs import Program
from store.database import make_engine
from store.history.history import History
from store.samples.live import LiveStore, redis_client
from tests.logins import EMAIL, PASSWORD
from tests.process import Service
from tests.services import CeleryWorker, PostgresServer, RabbitServer, RedisServer
from tests.stack import Stack
from tests.toxics import Link
from tests.web import ROOT, SECRET_KEY

HOST = "testbed-1"
QUEUE = "dispatch"


class Testbed(Stack):
    """The whole stack, healthy. Leaving the context removes whatever a fault left behind."""

    __test__ = False
    """No class of tests, whatever pytest makes of its name."""

    def __init__(
        self,
        *,
        interval_s: float = 3.0,
        more: Sequence[Program] = (),
        wraps: Mapping[str, Sequence[str]] | None = None,
        has_own_postgres: bool = False,
        broker: RabbitServer | RedisServer | None = None,
        make_worker: Callable[[str, str], Service] = CeleryWorker,
        **environ: str,
    ) -> None:
        """`more`: programs beside the usual ones; `wraps`: prefixes of the programs' commands, by program.

        `broker`: the watched one; None = a RabbitMQ. `make_worker`: its worker, from URL and queue.
        """
        super().__init__()
        self.interval_s = interval_s
        self._wraps = wraps or {}
        self._more = more
        self.redis, self.postgres = RedisServer(self._wraps.get("redis", ())), PostgresServer()
        self.broker = broker or RabbitServer()
        self.own_postgres = PostgresServer() if has_own_postgres else None
        self.redis_link = Link(("127.0.0.1", self.redis.port))
        self.broker_link = Link(("127.0.0.1", self.broker.port))
        self.database_link = Link(("127.0.0.1", self.postgres.port))
        self.worker = make_worker(self.broker.url, QUEUE)
        own_url = self.own_postgres.url if self.own_postgres else f"sqlite:///{self.data_dir / 'monitor.sqlite3'}"
        self.environ |= {
            "REDIS_URL": _through(self.redis_link, self.redis.url, self.redis.port),
            "WATCHED_BROKER_URL": _through(self.broker_link, self.broker.url, self.broker.port),
            "WATCHED_DATABASE_URL": _through(self.database_link, self.postgres.url, self.postgres.port),
            "DATABASE_URL": own_url,
            "SECRET_KEY": SECRET_KEY,
            "MONITOR_HOST": HOST,
            "SAMPLE_INTERVAL_S": f"{interval_s:g}",
            "MAX_STREAMS_PER_USER": "1000",
            "PYTHONUNBUFFERED": "1",
            **environ,
        }
        if isinstance(self.broker, RabbitServer):
            self.environ["RABBITMQ_MANAGEMENT_URL"] = self.broker.management_url

    @property
    def rabbitmq(self) -> RabbitServer:
        """The watched RabbitMQ."""
        assert isinstance(self.broker, RabbitServer)
        return self.broker

    @property
    def redis_url(self) -> str:
        """The panel's Redis, past the link."""
        return self.redis.url

    @property
    def history(self) -> History:
        """What the panel's own database keeps."""
        return History(make_engine(self.environ["DATABASE_URL"]))

    @property
    def store(self) -> LiveStore:
        """The live store, past the link."""
        return LiveStore(redis_client(self.redis.url))

    def start(self) -> None:
        """Start everything; returns when each service is seen online."""
        for service in (self.redis, self.broker, self.postgres, self.own_postgres, self.worker):
            if service:
                service.start()
        programs.log_path(self.data_dir, "").parent.mkdir(parents=True)
        self._make_account()
        chosen = [self._wrapped(program) for program in (programs.BEAT, programs.COLLECTOR, programs.WEB, *self._more)]
        config = self.data_dir / "manager.conf"
        config.write_text(programs.supervisor_config(ROOT, chosen, self.environ))
        self._run([sys.executable, "-m", "standalone.manager", str(config)], self.environ)

    def is_ready(self) -> bool:
        """Whether `/healthz` says that every service is online. A full CPU is a warning, and measuring fills it."""
        try:
            told = self.get("/healthz", role=None).json
        except OSError:
            return False
        return told["status"] != "fail" and {*told["services"].values()} == {"online"}

    def stop(self) -> None:
        """End everything."""
        super().stop()
        for service in (self.worker, self.redis, self.broker, self.postgres, self.own_postgres):
            if service:
                service.stop()
        for link in (self.redis_link, self.broker_link, self.database_link):
            link.close()

    def kill(self, name: str) -> psutil.Process:
        """`kill -9` of a program of the stack; the manager is expected to start it again."""
        victim = self.process(name)
        victim.kill()
        return victim

    def log_of(self, name: str) -> str:
        """What a program of the stack has written."""
        return programs.log_path(self.data_dir, name).read_text(errors="replace")

    def _make_account(self) -> None:
        engine = make_engine(self.environ["DATABASE_URL"])
        with _MIGRATING:
            migrate(engine)
        accounts = Accounts(engine)
        accounts.create_user(EMAIL, PASSWORD, "super_admin")
        self.tokens["super_admin"] = accounts.tokens.create(EMAIL)[1]
        engine.dispose()

    def _wrapped(self, program: Program) -> Program:
        return Program(program.name, (*self._wraps.get(program.name, ()), *program.command))


_MIGRATING = threading.Lock()
"""Alembic's context is one for the whole process, and testbeds are made in several threads."""


def _through(link: Link, url: str, port: int) -> str:
    return url.replace(f"127.0.0.1:{port}", f"127.0.0.1:{link.port}")
