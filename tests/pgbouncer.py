"""A real PgBouncer before a PostgreSQL of the tests."""

import os
import pwd
import shutil

import psycopg

from tests.process import Service
from tests.services import PostgresServer


class PgBouncer(Service):
    """Transaction pooling over a few connections of the server's, so that every client gets another one each time."""

    program = "pgbouncer"
    user = "postgres" if os.geteuid() == 0 and "postgres" in {entry.pw_name for entry in pwd.getpwall()} else None

    def __init__(self, server: PostgresServer, *, pool_size: int = 4) -> None:
        super().__init__()
        self._server = server
        self._pool_size = pool_size

    @property
    def url(self) -> str:
        """Database `postgres`, as its superuser."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The URL of one database."""
        return self._server.url_of(database).replace(f":{self._server.port}/", f":{self.port}/")

    def start(self) -> None:
        users = self.directory / "users"
        users.write_text(f'"monitor" "{self._server.password}"\n')
        config = self.directory / "pgbouncer.ini"
        config.write_text(
            f"[databases]\n* = host=127.0.0.1 port={self._server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {self.port}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {users}\n"
            f"pool_mode = transaction\ndefault_pool_size = {self._pool_size}\nmax_client_conn = 500\n"
            "server_login_retry = 1\n"
        )
        if self.user:
            shutil.chown(self.directory, self.user, self.user)
            for path in (users, config):
                shutil.chown(path, self.user, self.user)
        self._run([self.program, str(config)])

    def is_ready(self) -> bool:
        """Whether it lets its user through to the server."""
        try:
            with psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=2, prepare_threshold=None):
                return True
        except psycopg.OperationalError:
            return False
