import string

from hypothesis import given
from hypothesis import strategies as st

from app.auth.csrf import mask, unmask


@given(st.text(string.ascii_letters + string.digits + "-_.", max_size=120))
def test_what_was_masked_comes_back(token):
    assert unmask(mask(token)) == token


def test_no_two_pages_carry_the_same_letters():
    token = "IjQwZDA5Zj.aRx-_A.xyz" * 4
    one, other = mask(token), mask(token)

    assert sum(left == right for left, right in zip(one, other, strict=True)) < len(one) / 4


@given(st.text())
def test_whatever_comes_in_is_taken_apart_without_an_error(text):
    assert isinstance(unmask(text), str)
