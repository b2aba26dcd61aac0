"""Every knob of the panel: one table, the forms of its values, and the addresses among them."""

from settings.forms import ALL_QUEUES
from settings.table import (
    ROOT,
    VERSION,
    Settings,
    SettingsError,
    end_with,
    load_settings,
    own_host_name,
    settings_of_program,
)

__all__ = [
    "ALL_QUEUES",
    "ROOT",
    "VERSION",
    "Settings",
    "SettingsError",
    "end_with",
    "load_settings",
    "own_host_name",
    "settings_of_program",
]
