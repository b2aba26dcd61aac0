"""Makes invisible characters of foreign text visible, so that none acts on a terminal, a page or its reader. [pure]"""

import re

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, C1: NUL, ESC and the rest
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # bidi
    "\u2028\u2029"  # line ends for some programs only
    "\ud800-\udfff]"  # lone surrogates stand for bytes that were no UTF-8, and UTF-8 cannot encode them
)
"""Without U+200C and U+200D, which join emoji and the letters of some scripts."""

ELLIPSIS = "…"


def show_invisible(text: str) -> str:
    """The text with control, bidi and other invisible characters as escapes; line feeds and tabs stay."""
    return text if text.isprintable() else _INVISIBLE.sub(_escape, text)


def in_one_line(text: str) -> str:
    """The same, with line feeds and tabs as escapes too."""
    return show_invisible(text).replace("\n", "\\n").replace("\t", "\\t")


def shorten(text: str, limit_bytes: int) -> str:
    """The text, or its beginning and an ellipsis if it exceeds `limit_bytes` of UTF-8."""
    data = text.encode()
    if len(data) <= limit_bytes:
        return text
    return data[: limit_bytes - len(ELLIPSIS.encode())].decode(errors="ignore") + ELLIPSIS


def shorten_middle(text: str, limit_bytes: int) -> str:
    """The text, or a third of its beginning and two thirds of its end if it exceeds `limit_bytes` of UTF-8."""
    data = text.encode()
    if len(data) <= limit_bytes:
        return text
    gap = f"\n{ELLIPSIS}\n"
    head = limit_bytes // 3
    tail = limit_bytes - head - len(gap.encode())
    return data[:head].decode(errors="ignore") + gap + data[-tail:].decode(errors="ignore")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
