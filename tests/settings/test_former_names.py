"""Renamed settings still work under their former names, with a warning."""

import os
import subprocess
import sys

import pytest

from settings import SettingsError, load_settings
from settings.former_names import FORMER_NAMES, rename

VALUES = {
    "MONITORED_BROKER_URL": "amqp://user:hunter2@host//",
    "MONITORED_DATABASE_URL": "postgresql://user:hunter2@host/product",
    "REPORT_AS": "web",
}


@pytest.mark.parametrize("former", VALUES)
def test_a_former_name_is_as_good_as_the_present_one(former):
    present = FORMER_NAMES[former]
    value = getattr(load_settings({present: VALUES[former]}), present.lower())

    assert value is not None
    assert getattr(load_settings({former: VALUES[former]}), present.lower()) == value
    assert getattr(load_settings({former: VALUES[former], present: VALUES[former]}), present.lower()) == value
    assert getattr(load_settings({former: VALUES[former], present: ""}), present.lower()) == value


def test_a_former_name_may_name_a_file(tmp_path):
    (tmp_path / "url").write_text(VALUES["MONITORED_BROKER_URL"])

    settings = load_settings({"MONITORED_BROKER_URL_FILE": str(tmp_path / "url")})

    assert settings.watched_broker_url == VALUES["MONITORED_BROKER_URL"]


def test_a_value_goes_before_a_file_whichever_of_the_names_they_have(tmp_path):
    (tmp_path / "url").write_text("amqp://of-the-file//")

    settings = load_settings(
        {"MONITORED_BROKER_URL": "amqp://host//", "WATCHED_BROKER_URL_FILE": str(tmp_path / "url")}
    )

    assert settings.watched_broker_url == "amqp://host//"


@pytest.mark.parametrize("former", VALUES)
def test_different_values_under_both_names_are_refused_and_not_repeated(former):
    with pytest.raises(SettingsError) as caught:
        load_settings({former: VALUES[former], FORMER_NAMES[former]: f"{VALUES[former]}2"})

    assert caught.value.faults == [
        f"{former} is a former name of {FORMER_NAMES[former]}, and their values differ: remove {former}."
    ]


def test_a_program_is_told_once_of_each_former_name():
    program = "from settings import load_settings; load_settings(); load_settings()"
    environ = {"PATH": os.environ["PATH"], **VALUES}

    ended = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)

    assert ended.stderr.splitlines() == [
        f"{former} is now called {present}: rename it. The former name is still accepted."
        for former, present in FORMER_NAMES.items()
    ]


def test_what_is_renamed_is_left_under_its_present_name_alone():
    environ = {**VALUES, "PATH": "/bin"}

    rename(environ)

    assert environ == {"PATH": "/bin", **{FORMER_NAMES[former]: value for former, value in VALUES.items()}}
    assert rename(environ) == []
