"""Names the browser and the system of a `User-Agent`, for a user's list of sessions. [pure]

It returns only names that stand below, whatever else a client calls itself.
"""

import re

MAX_READ = 512
"""Characters of the header that are read."""

_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/(\d+)"),
    ("Opera", r"(?:OPR|Opera)/(\d+)"),
    ("Samsung Internet", r"SamsungBrowser/(\d+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/(\d+)"),
    ("Chrome", r"(?:HeadlessChrome|Chrome|CriOS)/(\d+)"),
    ("Safari", r"Version/(\d+)[\d.]* (?:Mobile/\w+ )?Safari/"),
)
"""The order counts: most browsers also claim to be the later ones."""

_SYSTEMS = (
    ("iPad", r"iPad"),
    ("iPhone", r"iPhone"),
    ("Android", r"Android"),
    ("ChromeOS", r"CrOS"),
    ("Windows", r"Windows"),
    ("macOS", r"Macintosh|Mac OS X"),
    ("Linux", r"Linux"),
)


def name_browser(user_agent: str) -> str:
    """Such as `Firefox 143, Linux`, without what is unknown; the empty string when nothing is known."""
    text = user_agent[:MAX_READ]
    browser = next((f"{name} {found[1][:4]}" for name, pattern in _BROWSERS if (found := re.search(pattern, text))), "")
    system = next((name for name, pattern in _SYSTEMS if re.search(pattern, text)), "")
    return ", ".join(filter(None, (browser, system)))
