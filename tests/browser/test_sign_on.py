"""The ways in as a person takes them: a company account, and a second factor enrolled, used and kept."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.chromium import log_in
from tests.browser.page import Complaints, code_of, shoot
from tests.logins import PASSWORD
from tests.openid import CLIENT_ID, OpenIdProvider
from tests.services import RedisServer
from tests.web import WebServer

pytestmark = [pytest.mark.live, pytest.mark.browser]


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with RedisServer() as redis_server:
        server = WebServer(redis_server.url)
        callback = f"{server.url}/login/oidc/callback"
        with OpenIdProvider(callback) as provider:
            provider.know(ana={"role": "super_admin", "email": "ana@example.org", "email_verified": True}, eva={})
            server.environ.update(
                MONITOR_OIDC_ISSUER=provider.url,
                MONITOR_OIDC_CLIENT_ID=CLIENT_ID,
                MONITOR_OIDC_CLIENT_SECRET=provider.password,
                MONITOR_OIDC_REDIRECT_URL=callback,
            )
            with server:
                yield server


@pytest.fixture(scope="module")
def cookies() -> list[Any]:
    """Nobody has logged in."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints) -> Page:
    complaints.excuse("Failed to load resource: the server responded with a status of 40")  # Of refused logins.
    return context.new_page()


def test_a_company_account_opens_the_panel_if_it_may(page: Page, web: WebServer) -> None:
    page.goto(f"{web.url}/monitor")
    shoot(page, "login")
    page.click("text=Entrar com a conta da empresa")
    page.fill("[name=login]", "eva")
    page.click("button")
    page.wait_for_selector("text=Sua conta no provedor não dá acesso a este painel.")
    shoot(page, "no-role")
    page.context.clear_cookies()
    page.goto(f"{web.url}/monitor")
    page.click("text=Entrar com a conta da empresa")
    page.fill("[name=login]", "ana")
    page.click("button")
    page.wait_for_url("**/monitor")

    assert page.text_content(".account-email") == "ana@example.org"
    page.click("text=Conta")
    page.wait_for_selector("text=Você entra por outro sistema")
    shoot(page, "account-foreign")


def test_a_second_factor_is_enrolled_used_and_kept_in_both_languages_without_scripts(
    page: Page, browser: Browser, web: WebServer
) -> None:
    log_in(page, web.url)
    page.wait_for_url("**/monitor")
    page.click("text=Conta")
    page.click("text=Ativar o segundo fator")
    page.wait_for_selector(".sign-in-qr")
    assert page.evaluate("document.querySelector('.sign-in-qr').naturalWidth") > 100
    shoot(page, "enrol")
    secret = (page.text_content(".sign-in-secret code") or "").replace(" ", "")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=code]", code_of(secret))
    page.click("button[type=submit]")
    page.wait_for_selector(".sign-in-codes")
    shoot(page, "recovery")
    codes = page.locator(".sign-in-codes code").all_text_contents()
    assert len(codes) == 10
    page.click("text=Já guardei, continuar")
    page.wait_for_url("**/monitor")

    plain = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 700})
    tab = plain.new_page()
    log_in(tab, web.url)
    tab.wait_for_url("**/login/code**")
    tab.fill("[name=code]", "000000")
    tab.click("button[type=submit]")
    tab.wait_for_selector("text=Código incorreto ou expirado")
    shoot(tab, "code-wrong")
    tab.fill("[name=code]", codes[0])
    tab.click("button[type=submit]")
    tab.wait_for_url("**/monitor")
    tab.goto(f"{web.url}/second-factor")
    assert tab.text_content(".sign-in-lead b") == "9"
    shoot(tab, "factor")
    plain.close()

    english = browser.new_context(locale="en-US", color_scheme="light")
    tab = english.new_page()
    log_in(tab, web.url)
    tab.wait_for_selector("text=Two-step verification")
    shoot(tab, "code-en")
    tab.fill("[name=code]", code_of(secret, +1))
    tab.click("button[type=submit]")
    tab.wait_for_url("**/monitor")
    english.close()
