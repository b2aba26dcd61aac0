"""Prepares the panel's own database before the first start: its schema and its first super_admin."""

from alembic.util import CommandError
from sqlalchemy import make_url

from app.accounts.accounts import Accounts, ensure_first_admin
from app.accounts.migrations import migrate
from settings import Settings
from standalone.terminal import CannotStart, say
from store.database import make_engine
from store.errors import MonitorError


def prepare(settings: Settings) -> None:
    """Bring the schema up to date; make the first super_admin and print its password, once.

    Raises: CannotStart.
    """
    engine = make_engine(settings.database_url)
    try:
        migrate(engine)
        password = ensure_first_admin(Accounts(engine), settings.monitor_admin_email, settings.monitor_admin_password)
    except (MonitorError, CommandError) as exc:
        address = make_url(settings.database_url).render_as_string(hide_password=True)
        raise CannotStart(f"Cannot prepare the database {address}: {exc}") from exc
    finally:
        engine.dispose()
    if password:
        say("\nThe first super_admin; the password is shown this once, and the first login asks for one of your own:")
        say(f"  e-mail    {settings.monitor_admin_email}\n  password  {password}\n")
