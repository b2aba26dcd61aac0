"""Portuguese words for what templates name by a code. Scripts put in any other language."""

import functools
import json
from pathlib import Path

CATALOGUE = Path(__file__).resolve().parents[2] / "static/locales/account_pages/pt-BR.json"


def say(key: str) -> str:
    """The text of a key; the key itself where the catalogue has none."""
    return _catalogue().get(key, key)


@functools.cache
def _catalogue() -> dict[str, str]:
    texts = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return {key: text for key, text in texts.items() if key.startswith(("audit.", "account."))}
