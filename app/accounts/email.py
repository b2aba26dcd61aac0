"""E-mail addresses, by which users are known: the one form in which they are stored and looked up."""

import re

from app.accounts.tables import MAX_EMAIL


def folded(text: str) -> str:
    """An address, or part of one, without blanks around it and in lower case."""
    return text.strip().lower()


def canonical(email: str) -> str:
    """The form in which an address is stored and looked up; a text that is no address gives the empty string.

    PostgreSQL refuses a NUL in a text, so this sifts what the login form sends before it gets there.
    """
    address = folded(email)
    is_address = re.fullmatch(r"[^@\s]+@[^@\s]+", address) and address.isprintable() and len(address) <= MAX_EMAIL
    return address if is_address else ""
