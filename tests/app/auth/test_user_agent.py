import pytest

from app.accounts.tables import MAX_BROWSER
from app.auth.user_agent import name_browser
from tests.promises import grows_no_faster_than_its_size


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox 143, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 "
            "Safari/537.36 Edg/141.0.0.0",
            "Edge 141, Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
            "Safari/605.1.15",
            "Safari 18, macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1",
            "Chrome 141, iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 "
            "Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet 28, Android",
        ),
        ("curl/8.5.0", ""),
        ("", ""),
        ("<img src=x onerror=alert(1)> \x1b[2J Firefox/<b>", ""),
    ],
)
def test_a_browser_is_named_in_our_own_words(user_agent: str, name: str) -> None:
    assert name_browser(user_agent) == name


def test_a_long_one_costs_nothing_and_fits_its_column() -> None:
    def name(size: int) -> str:
        return name_browser("Samsung " * 50 + "SamsungBrowser/" + "9" * size)

    assert grows_no_faster_than_its_size(name, 100_000)
    assert len(name(1_000_000)) <= MAX_BROWSER
