"""Brings the database of a URL to today's schema."""

import sys

from app.accounts.migrations import migrate
from store.database import make_engine

migrate(make_engine(sys.argv[1]))
