"""Codes and recovery codes on both databases: each is accepted once, even when two requests send it together."""

import threading

import pyotp
from sqlalchemy import Engine

from app.accounts.accounts import Accounts
from app.accounts.encryption import Cipher
from app.accounts.second_factors import SecondFactors
from tests.logins import ADMIN

NOW = 1_800_000_000


def test_of_many_who_send_one_code_at_once_one_gets_in(accounts: Accounts, engine: Engine) -> None:
    now = [NOW]
    factors = SecondFactors(engine, Cipher("k" * 32, "second factor"), lambda: now[0])
    secret = factors.offer(ADMIN[0]).secret
    codes = factors.enrol(1, secret, pyotp.TOTP(secret).at(now[0]))
    assert codes is not None
    now[0] += 30
    found: list[str] = []

    def send(code: str) -> None:
        if how := factors.check(1, code):
            found.append(how)

    for code in (pyotp.TOTP(secret).at(now[0]), codes[0]):
        senders = [threading.Thread(target=send, args=(code,)) for _ in range(8)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert found == ["totp", "recovery"]
    steps = [pyotp.TOTP(secret).at(now[0] + 30 * offset) for offset in (-2, -1, 0, 2, 1)]
    assert [factors.check(1, code) for code in steps] == [None, None, None, None, "totp"]
    odd = ["", "٠٠٠٠٠٠", "0" * 500, "\x00", "é" * 6, "１２３４５６", codes[0], "A" * 24]
    assert {factors.check(1, code) for code in odd} == {None}
