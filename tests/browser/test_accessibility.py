"""axe-core over the login and the panel, in their states, both themes and both languages: no violation."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.chromium import launch, sign_in
from tests.stack import EMAIL, Stack

pytestmark = [pytest.mark.browser, pytest.mark.live]

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SOON_MS = 20_000


@pytest.fixture(scope="module")
def stack():
    with Stack() as stack:
        yield stack


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def complaints():
    """What the console said that it should not have: errors, warnings, CSP reports."""
    return []


@pytest.fixture
def page(browser, complaints):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="pt-BR")
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.add_init_script(
        "addEventListener('securitypolicyviolation', (event) => console.error(event.violatedDirective))"
    )
    yield page
    context.close()


def violations(page: Page) -> list[str]:
    """What axe finds, a line for each: the rule and where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(
            AXE.read_text(encoding="utf-8")
        )  # By DevTools: the content security policy takes no script of it.
    found = page.evaluate(
        "(tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations'] }).then((said) => said.violations)",
        TAGS,
    )
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def violations_everywhere(page: Page) -> dict[tuple[str, str], list[str]]:
    """In each theme and language, switched in place; only what was found."""
    found = {}
    for language in ("en", "pt-BR"):
        page.locator(f"[data-switch=language] button[value='{language}']").click()
        for theme in ("light", "dark"):
            page.locator(f"[data-switch=theme] button[value={theme}]").click()
            if said := violations(page):
                found[language, theme] = said
    return found


def test_the_login_is_accessible_also_when_it_refuses(page, stack, complaints):
    page.goto(f"{stack.url}/login")
    assert violations(page) == []

    page.fill("[name=email]", EMAIL)
    page.fill("[name=password]", "not the password")
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_be_visible()

    assert violations(page) == []
    assert [said for said in complaints if "401" not in said] == []


def test_the_panel_is_accessible_in_every_state_theme_and_language(page, stack, complaints):
    sign_in(page, stack)
    connection = page.locator("#connection")
    expect(connection).to_have_attribute("data-state", "live", timeout=SOON_MS)
    assert violations_everywhere(page) == {}

    page.set_viewport_size({"width": 390, "height": 800})
    assert violations(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    collector = stack.process("collector")
    collector.suspend()
    try:
        expect(connection).to_have_attribute("data-state", "stale", timeout=SOON_MS)
        assert violations_everywhere(page) == {}
    finally:
        collector.resume()
    expect(connection).to_have_attribute("data-state", "live", timeout=SOON_MS)

    assert complaints == []
