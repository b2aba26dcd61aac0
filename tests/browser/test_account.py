"""The account as a person keeps it: the first password replaced, sessions seen and ended, and what the audit says."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.accounts.audit import Audit
from store.database import make_engine
from tests.browser.chromium import log_in
from tests.browser.page import SOON_MS, Complaints, shoot
from tests.hostile import XSS
from tests.logins import PASSWORD
from tests.services import RedisServer
from tests.web import WebServer

pytestmark = [pytest.mark.live, pytest.mark.browser]

EMAIL = "new@example.org"
NEW_PASSWORD = "another long password"


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with RedisServer() as redis_server, WebServer(redis_server.url) as server:
        server.accounts.create_user(EMAIL, PASSWORD, "super_admin", is_initial=True)
        yield server


@pytest.fixture(scope="module")
def cookies() -> list[Any]:
    """Nobody has logged in."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints) -> Page:
    complaints.excuse("Failed to load resource: the server responded with a status of 4")  # Of refused forms.
    return context.new_page()


def is_as_wide_as_its_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_the_first_password_is_replaced_sessions_are_ended_and_all_of_it_is_in_the_audit(
    page: Page, browser: Browser, web: WebServer
) -> None:
    log_in(page, web.url, EMAIL)
    page.wait_for_url("**/login/password**")
    page.fill("[name=new]", "password1234")
    page.fill("[name=again]", "password1234")
    page.click("button[type=submit]")
    page.wait_for_selector("text=comum ou fácil de adivinhar")
    shoot(page, "own-password")
    page.fill("[name=new]", NEW_PASSWORD)
    page.fill("[name=again]", NEW_PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/monitor")

    phone = browser.new_context(locale="en-US", color_scheme="light", viewport={"width": 360, "height": 700})
    tab = phone.new_page()
    log_in(tab, web.url, EMAIL, NEW_PASSWORD)
    tab.wait_for_url("**/monitor")
    shoot(page, "panel")
    page.click("text=Conta")
    page.wait_for_url("**/account")
    entries = page.locator("#sessions-title + form .entry")
    expect(entries).to_have_count(2)
    expect(entries.first).to_contain_text("esta sessão")
    own = entries.first.locator("time").first
    assert own.locator(".instant-local").text_content()
    assert "UTC" in (own.text_content() or "")
    page.fill("[name=password]", "not the password")
    page.click("text=Encerrar todas as outras")
    page.wait_for_selector("text=Senha incorreta.")
    shoot(page, "account")
    page.fill("[name=password]", NEW_PASSWORD)
    page.click("text=Encerrar todas as outras")
    page.wait_for_selector("text=As outras sessões foram encerradas.")
    expect(tab.locator("#connection")).to_have_attribute("data-state", "signed_out", timeout=SOON_MS)
    log_in(tab, web.url, EMAIL, NEW_PASSWORD)
    tab.wait_for_url("**/monitor")
    tab.goto(f"{web.url}/account")
    tab.wait_for_selector("text=Open sessions")
    shoot(tab, "account-phone")
    assert is_as_wide_as_its_window(tab)

    panel = page.context.new_page()
    panel.goto(f"{web.url}/monitor")
    expect(panel.locator("#connection")).to_have_attribute("data-state", "empty", timeout=SOON_MS)
    page.fill("[name=current]", NEW_PASSWORD)
    for field in ("new", "again"):
        page.fill(f"[name={field}]", PASSWORD)
    page.click("text=Alterar a senha")
    page.wait_for_selector("text=Senha alterada.")
    with panel.expect_response(lambda answer: "/stream" in answer.url and answer.status == 200, timeout=SOON_MS):
        panel.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(panel.locator("#connection")).to_have_attribute("data-state", "empty", timeout=SOON_MS)

    engine = make_engine(web.database_url)
    audit = Audit(engine, keep_s=86_400)
    for text in XSS:
        audit.note("refused", who=f"{text}@example.org", address=text, detail=text)
    audit.write()
    engine.dispose()
    page.click("text=Registro de acessos")
    page.wait_for_selector("text=Acesso recusado: falta permissão")
    shoot(page, "audit")
    assert is_as_wide_as_its_window(page)
    page.select_option("[name=group]", "changes")
    page.fill("[name=who]", "NEW@")
    page.click("text=Filtrar")
    page.wait_for_selector("text=Limpar")
    kinds = page.locator("[data-kind]").evaluate_all("rows => rows.map(row => row.dataset.kind)")
    assert set(kinds) == {"password_changed", "session_revoked"}
    log_in(tab, web.url, EMAIL)
    tab.wait_for_url("**/monitor")
    tab.goto(f"{web.url}/audit")
    tab.wait_for_selector("[data-kind=login_ok] >> text=Sign-in")
    shoot(tab, "audit-phone")
    assert is_as_wide_as_its_window(tab)
    phone.close()


def test_the_login_shows_the_password_when_asked_speaks_both_languages_and_counts_a_wait_down(
    page: Page, web: WebServer
) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{web.url}/login")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) != light, "it follows the system while nobody has chosen"
    password, reveal = page.locator("[name=password]"), page.locator(".reveal")
    reveal.click()
    expect(password).to_have_attribute("type", "text")
    reveal.click()
    expect(password).to_have_attribute("type", "password")
    page.locator("[data-switch=language] button[value=en]").click()
    expect(page.locator("h1")).to_have_text("Sign in")
    page.locator("[data-switch=theme] button[value=light]").click()
    assert page.evaluate(ground) == light
    page.reload()
    expect(page.locator("h1")).to_have_text("Sign in")
    assert page.evaluate(ground) == light
    page.locator("[data-switch=language] button[value=pt-BR]").click()
    expect(page.locator("h1")).to_have_text("Entrar")

    for _ in range(8):  # Five within a minute are too many.
        log_in(page, web.url, "nobody@example.org", "a wrong password")
        expect(page.locator("#login-error")).to_be_visible()
        if page.locator("[data-wait]").count():
            break
    shoot(page, "login-throttled")
    expect(page.locator("#login-error")).to_have_text(re.compile(r"Tente novamente em (\d+\smin\s)?\d+\ss"))
    first = page.locator("[data-wait]").inner_text()
    expect(page.locator("[data-wait]")).not_to_have_text(first)
