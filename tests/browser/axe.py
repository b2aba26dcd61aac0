"""axe-core in a page of the panel: what it finds, in every language and theme."""

from pathlib import Path

from playwright.sync_api import Page, expect

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [(language, theme) for language in ("en", "pt-BR") for theme in ("light", "dark")]
"""Every language in every theme."""


def violations(page: Page) -> list[str]:
    """What axe finds, a line for each: the rule and where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(
            AXE.read_text(encoding="utf-8")
        )  # By DevTools: the content security policy takes no script of it.
    # No selectors, which take longer than the looking itself: the element is told by its HTML.
    options = {"runOnly": TAGS, "resultTypes": ["violations"], "selectors": False, "preload": False}
    found = page.evaluate("(options) => axe.run(document, options).then((said) => said.violations)", options)
    return [f"{rule['id']}: {node['html']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def violations_in(page: Page, looks: list[tuple[str, str]] | None = None) -> dict[tuple[str, str], list[str]]:
    """What is found in these languages and themes, by default all; switched in place, beside an open dialog too."""
    found = {}
    for language, theme in looks or LOOKS:
        choose(page, "language", language)
        choose(page, "theme", theme)
        expect(page.locator("#verdict")).to_have_attribute("aria-label", {"en": "Status"}.get(language, "Situação"))
        if said := violations(page):
            found[language, theme] = said
    return found


def choose(page: Page, switch: str, value: str) -> None:
    """Press a switch of the sidebar, which may be out of reach behind a dialog."""
    page.evaluate(f"document.querySelector(`[data-switch={switch}] button[value='{value}']`).click()")
