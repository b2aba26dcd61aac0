"""Names that announce a secret. [pure]"""

import re
from functools import lru_cache
from itertools import pairwise

_WORDS = frozenset(
    {"apikey", "auth", "authorization", "bearer", "cookie", "credential", "credentials", "csrf", "csrftoken", "cvc",
     "cvv", "jwt", "otp", "passphrase", "passwd", "password", "phpsessid", "pwd", "secret", "secrets", "segredo",
     "senha", "session", "sessionid", "sid", "token", "totp", "xsrf"}
)  # fmt: skip
"""A name with one of these parts announces a secret: `X-Auth-Token`, `accessToken`."""  # pragma: allowlist secret

_PAIRS = frozenset({("api", "key"), ("private", "key"), ("access", "key"), ("secret", "key"), ("signing", "key"),
                    ("encryption", "key"), ("account", "key"), ("chave", "api"), ("client", "secret")})  # fmt: skip

_INSIDE = ("password", "passwd", "passphrase", "apikey", "privatekey", "secretkey", "accesskey", "authtoken")
"""So does a name that holds one of these anywhere: `mysqlpassword`."""

_HARMLESS_ENDS = frozenset({"type", "count", "length", "limit", "expires", "expiry", "ttl", "name", "age"})
"""Such an ending describes a secret and holds none: `token_type`, `session_count`."""  # pragma: allowlist secret

_TO_END_OF_LINE = frozenset({"authorization", "cookie"})
"""Headers whose values contain blanks."""

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

MAX_NAME = 80
"""Only the last characters of a longer name count: the telling word stands at the end."""


def names_secret(name: str) -> bool:
    """Whether a secret follows this name."""
    return _names_secret(name[-MAX_NAME:])


def is_to_end_of_line(name: str) -> bool:
    """Whether the secret extends to the end of its line."""
    return not _TO_END_OF_LINE.isdisjoint(_parts(name[-MAX_NAME:]))


@lru_cache(maxsize=4096)
def _names_secret(name: str) -> bool:
    parts = _parts(name)
    if not parts or parts[-1] in _HARMLESS_ENDS:
        return False
    is_named = not _WORDS.isdisjoint(parts) or any(pair in _PAIRS for pair in pairwise(parts))
    return is_named or any(word in name.lower() for word in _INSIDE)


def _parts(name: str) -> list[str]:
    """`X-Api-Key`, `apiKey` and `api_key` all give `api`, `key`."""
    return [part.lower() for part in _PART.findall(name)]
