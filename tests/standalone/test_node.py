"""The page's part of the set-up."""

import pytest

from standalone.node import provide_page
from standalone.packages import Venv
from standalone.terminal import CannotStart
from tests.app.web.clone import ROOT, make_clone


def test_a_page_that_cannot_be_built_is_told_of_in_a_sentence(tmp_path):
    clone = make_clone(tmp_path)
    (clone / "static/js/main.js").write_text("const = 1")

    with pytest.raises(CannotStart, match=r"^Cannot build the page: static/js/main\.js:1:6: ERROR: "):
        provide_page(clone, Venv(ROOT / ".venv"), with_tests=True)


def test_a_page_is_built_with_what_has_been_fetched_before(tmp_path, monkeypatch):
    clone = make_clone(tmp_path)
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")

    for with_tests in (True, False):
        provide_page(clone, Venv(ROOT / ".venv"), with_tests=with_tests)

    assert len(list((clone / "static/built").iterdir())) == 1
