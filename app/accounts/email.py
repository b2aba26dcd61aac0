"""E-mail addresses, by which users are known: the one form in which they are stored and looked up."""

import re

from app.accounts.tables import MAX_EMAIL


def canonical(email: str) -> str:
    """The form in which an address is stored and looked up; a text that cannot be one becomes the empty string.

    PostgreSQL refuses a NUL in a text, so what the login form brings is sifted before it gets there.
    """
    address = email.strip().lower()
    is_address = re.fullmatch(r"[^@\s]+@[^@\s]+", address) and address.isprintable() and len(address) <= MAX_EMAIL
    return address if is_address else ""
