"""Every setting of the panel: one table, the forms of its values, and how they are read from the environment."""

from settings.forms import ALL_QUEUES
from settings.loading import SettingsError, end_with, load_settings, settings_of_program
from settings.table import ROOT, Settings, own_host_name

VERSION = "1.7.1"

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
