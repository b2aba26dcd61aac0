"""Who logs in in the tests: e-mail address and password."""

from app.accounts.accounts import Accounts
from app.accounts.sessions import Origin

ADMIN = ("admin@example.test", "correct horse battery")


def log_in(accounts: Accounts, email: str, password: str) -> str | None:
    """A new session's token, as the login form opens one; None when it would not."""
    person = accounts.check_password(email, password)
    opened = person and accounts.open_session_for(person, Origin("password", "192.0.2.1"))
    return opened and opened.token
