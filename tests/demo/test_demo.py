"""The demo's work and its burst without a stack; with one, tests/live/test_stack.py shows the peak."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.voice import RATE_HZ, encode, synthesise

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("sample", "code"), [(0, 0xFF), (-1, 0x7F), (32767, 0x80), (-32768, 0x00), (1000, 0xCE)])
def test_samples_are_encoded_as_g711_says(sample, code):
    assert encode([sample]) == bytes([code])


def test_a_message_is_the_same_for_the_same_number_and_never_clips():
    samples = synthesise(7)

    assert len(samples) == RATE_HZ
    assert max(map(abs, samples)) < 32767
    assert samples == synthesise(7)
    assert samples != synthesise(8)


def burst(tmp_path, *arguments):
    environ = {**os.environ, "MONITOR_DATA_DIR": str(tmp_path), "WATCHED_BROKER_URL": ""}
    return subprocess.run(
        [sys.executable, "-m", "demo.burst", *arguments],
        env=environ,
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )


def test_a_burst_without_a_stack_says_what_to_do(tmp_path):
    ended = burst(tmp_path, "5")

    assert ended.returncode == 1
    assert "start it with `make run` first" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("arguments", [["0"], ["-1"], ["many"], ["100001"], ["5", "6"], ["5", "x"], []])
def test_a_burst_of_no_number_says_what_it_takes(tmp_path, arguments):
    ended = burst(tmp_path, *arguments)

    assert ended.returncode == 2
    assert "whole number from 1 to 100000" in ended.stderr
