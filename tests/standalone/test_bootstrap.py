"""On an unfit machine, `make run` gives a reason and leaves nothing."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from standalone.bootstrap import find_old_python
from standalone.packages import Venv
from standalone.stamp import Stamp
from standalone.terminal import CannotStart
from tests.process import free_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("version", [(3, 6), (3, 10)])
def test_an_old_python_is_told_which_one_is_needed(version):
    assert "needs Python 3.11 or newer" in find_old_python(version)


@pytest.mark.parametrize("version", [(3, 11), (3, 14)])
def test_a_newer_python_is_not_complained_of(version):
    assert not find_old_python(version)


def test_the_check_itself_parses_on_an_old_python():
    ast.parse((ROOT / "standalone" / "bootstrap.py").read_text(), feature_version=(3, 6))


def test_an_unreachable_registry_is_told_of_and_leaves_no_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", f"http://user:secret@127.0.0.1:{free_port()}/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"nothing==1.0 --hash=sha256:{'0' * 64}\n")

    with pytest.raises(CannotStart, match=r"http://127\.0\.0\.1:\d+/simple does not answer"):
        Venv(tmp_path / "venv").provide(requirements)

    assert sorted(tmp_path.iterdir()) == [requirements]


def test_a_faulty_setting_is_one_sentence_and_no_traceback():
    ended = subprocess.run(
        [sys.executable, "-m", "standalone"],
        env={**os.environ, "PORT": "abc"},
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert ended.returncode != 0
    assert "PORT must be a whole number" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_stamp_is_current_until_its_source_changes(tmp_path):
    source = tmp_path / "requirements.txt"
    source.write_text("a==1\n")
    stamp = Stamp(tmp_path / "stamp", source)

    states = [stamp.is_current]
    stamp.set()
    states.append(stamp.is_current)
    source.write_text("a==2\n")
    states.append(stamp.is_current)

    assert states == [False, True, False]
