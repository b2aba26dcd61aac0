"""Secrets and personal data vanish, ordinary text stays, and the work grows linearly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.logs.redaction import redact
from store.logs.secret_names import names_secret
from tests.hostile import HARMLESS, LEAKS
from tests.promises import grows_no_faster_than_its_size

PIECES = st.sampled_from(
    [
        *(line for line, _ in LEAKS),
        *HARMLESS,
        "password",
        "token",
        "=",
        ":",
        '"',
        "'",
        "\\",
        " ",
        "\n",
        "@",
        "://",
        "[",
        "]",
        "{",
        "}",
        ",",
        "eyJ",
        "-----BEGIN ",
        "4111 ",
        "+55",
        "--",
        "1",
        "a",
        ".",
        "[redacted:secret]",
        "[redacted:cpf]",
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=12).map("".join)


@pytest.mark.parametrize(("line", "secret"), LEAKS)
def test_what_is_secret_is_gone(line, secret):
    found = redact(line)

    assert secret not in found
    assert "[redacted:" in found


@pytest.mark.parametrize("line", HARMLESS)
def test_what_is_ordinary_stays(line):
    assert redact(line) == line


def test_a_mark_says_what_was_there():
    assert redact("cpf=52998224725") == "cpf=[redacted:cpf]"
    assert redact("amqp://guest:guest@rabbit:5672//") == "amqp://[redacted:credentials]@rabbit:5672//"
    assert redact("Authorization: Bearer abc\nHost: x") == "Authorization: [redacted:secret]\nHost: x"
    assert redact("{'password': 'a\\'b', 'user': 'ana'}") == "{'password': '[redacted:secret]', 'user': 'ana'}"


@given(TEXTS)
def test_redacting_twice_changes_nothing_more(text):
    once = redact(text)

    assert redact(once) == once


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "1",
        " ",
        "@",
        "a@",
        "://",
        ":",
        "eyJ",
        "password=",
        'password="',
        "password='\\",
        '"',
        "\\",
        "-----BEGIN ",
        "[",
        "4111 ",
        "12.",
        "A1",
        "ab:",
        "+1",
        "::1 ",
        "--a ",
        "'a', ",
        "a.",
        "a-",
        "(11) 9",
        "zvm_",
        "Bearer ",
        "\n",
        "\x00",
        "é",
    ],
)
def test_the_work_grows_no_faster_than_the_text(unit):
    assert grows_no_faster_than_its_size(lambda size: redact(unit * (size // len(unit))), 20_000)


@pytest.mark.parametrize(
    "name", ["password", "dbPassword", "DB_PASSWORD", "x-api-key", "apiKey", "APIKEY", "HTTP_COOKIE"]
)
def test_names_are_known_in_every_spelling(name):
    assert names_secret(name)


@pytest.mark.parametrize(
    "name", ["tokens", "author", "secretary", "keyboard", "key", "passenger", "token_count", "-", "."]
)
def test_other_names_are_left_alone(name):
    assert not names_secret(name)
