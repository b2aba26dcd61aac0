"""`WATCHED_BROKER_OPTIONS`: the part of Celery's `broker_transport_options` that the panel uses."""

import json

import pytest
from kombu.transport.redis import Channel

from settings import SettingsError, load_settings
from settings.broker_options import BrokerOptions


def options_of(**options: object) -> BrokerOptions:
    return load_settings({"WATCHED_BROKER_OPTIONS": json.dumps(options)}).watched_broker_options


def faults_of(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings({"WATCHED_BROKER_OPTIONS": text})
    return caught.value.faults


def test_the_defaults_are_those_of_kombu():
    options = load_settings({}).watched_broker_options

    assert options == BrokerOptions() == options_of()
    assert list(options.priority_steps) == Channel.priority_steps
    for name in ("sep", "global_keyprefix", "fanout_prefix", "unacked_key", "unacked_index_key", "visibility_timeout"):
        assert getattr(options, name) == getattr(Channel, name)


def test_keys_are_spelled_by_the_options():
    options = options_of(sep=":", priority_steps=[0, 5], global_keyprefix="{app}.")

    assert options.queue_keys("dispatch") == ("{app}.dispatch", "{app}.dispatch:5")
    assert options.key("unacked") == "{app}.unacked"


def test_options_that_change_nothing_for_who_reads_are_taken():
    assert options_of(queue_order_strategy="priority", unacked_restore_limit=7) == BrokerOptions()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("sep", ""),
        ("sep", 7),
        ("priority_steps", []),
        ("priority_steps", [3, 0]),
        ("priority_steps", [0, "3"]),
        ("priority_steps", [0, True]),
        ("priority_steps", "0,3"),
        ("priority_steps", [0, 256]),
        ("global_keyprefix", None),
        ("fanout_prefix", 1),
        ("unacked_key", ""),
        ("visibility_timeout", 0),
        ("visibility_timeout", "3600"),
    ],
)
def test_a_faulty_option_is_told_by_its_name(option, value):
    faults = faults_of(json.dumps({option: value, "max_connections": 3}))

    assert len(faults) == 1
    assert faults[0].startswith(f"WATCHED_BROKER_OPTIONS needs {option} to be ")


def test_every_fault_is_told_unknown_options_by_name_and_no_value_is_repeated():
    faults = faults_of(json.dumps({"seperator": "hunter2", "sep": ["hunter2"], "priority_steps": "hunter2"}))

    assert [fault.split(",")[0] for fault in faults[:1]] == ["WATCHED_BROKER_OPTIONS holds 'seperator'"]
    assert len(faults) == 3
    assert "hunter2" not in " ".join(faults)


@pytest.mark.parametrize("text", ["{", "[1]", "7", "null", "sep=:", "[" * 100_000])
def test_what_is_no_json_object_is_refused(text):
    assert len(faults_of(text)) == 1
    assert faults_of(text)[0].startswith("WATCHED_BROKER_OPTIONS must be a JSON object")
