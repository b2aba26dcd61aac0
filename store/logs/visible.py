"""Text from outside in a form that shows what it is: nothing in it acts on a terminal, a page or an eye. [pure]"""

import re

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, C1: NUL, ESC and the rest
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # bidi
    "\u2028\u2029"  # line ends that only some take for such
    "\ud800-\udfff]"  # lone surrogates: bytes that were no UTF-8, which cannot be sent on
)
"""Not U+200C and U+200D, which hold emoji and some scripts together."""

ELLIPSIS = "…"


def show_invisible(text: str) -> str:
    """The text with its control, bidi and other invisible characters spelled as escapes; line feeds and tabs stay."""
    return text if text.isprintable() else _INVISIBLE.sub(_escape, text)


def in_one_line(text: str) -> str:
    """The same without line feeds and tabs."""
    return show_invisible(text).replace("\n", "\\n").replace("\t", "\\t")


def shorten(text: str, limit_bytes: int) -> str:
    """Its beginning when it is longer than `limit_bytes` of UTF-8; an ellipsis tells."""
    data = text.encode()
    if len(data) <= limit_bytes:
        return text
    return data[: limit_bytes - len(ELLIPSIS.encode())].decode(errors="ignore") + ELLIPSIS


def shorten_middle(text: str, limit_bytes: int) -> str:
    """Its beginning and its end when it is longer than `limit_bytes` of UTF-8; the end is the larger part."""
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
