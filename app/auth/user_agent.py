"""The browser and the system that a `User-Agent` names, in a few words for a person's list of sessions. [pure]

Only names that stand here ever come out of it: whatever else a client calls itself is nothing.
"""

import re

MAX_READ = 512
"""Characters of the header that are looked at."""

_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/(\d+)"),
    ("Opera", r"(?:OPR|Opera)/(\d+)"),
    ("Samsung Internet", r"SamsungBrowser/(\d+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/(\d+)"),
    ("Chrome", r"(?:HeadlessChrome|Chrome|CriOS)/(\d+)"),
    ("Safari", r"Version/(\d+)[\d.]* (?:Mobile/\w+ )?Safari/"),
)
"""Name and version of each. The order counts: most claim to be the later ones, too."""

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
    """Such as `Firefox 143, Linux`; what is not known is left out, and all of it is the empty string."""
    text = user_agent[:MAX_READ]
    browser = next((f"{name} {found[1][:4]}" for name, pattern in _BROWSERS if (found := re.search(pattern, text))), "")
    system = next((name for name, pattern in _SYSTEMS if re.search(pattern, text)), "")
    return ", ".join(filter(None, (browser, system)))
