"""A Redis that speaks TLS."""

from tests.certificates import Files
from tests.services import RedisServer, free_port

HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"
"""Two addresses of this machine; certificates are for the first."""


class TlsRedis(RedisServer):
    """A Redis with TLS and without client certificates."""

    def __init__(self, files: Files, *, address: str = HERE) -> None:
        super().__init__()
        self._address = address
        self.tls_port = free_port()
        self.more_configuration = (
            f"bind 127.0.0.1 {ELSEWHERE}\ntls-port {self.tls_port}\ntls-cert-file {files.certificate}\n"
            f"tls-key-file {files.key}\ntls-ca-cert-file {files.certificate}\ntls-auth-clients no\n"
        )

    @property
    def tls_url(self) -> str:
        """The URL of database 0 by TLS."""
        return f"rediss://:{self.password}@{self._address}:{self.tls_port}/0"
