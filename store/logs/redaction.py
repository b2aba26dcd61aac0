"""Takes secrets and personal data out of text before anything writes it. [pure]

`[redacted:<kind>]` replaces each find for good. There are three kinds of finds: a value whose name announces it
(`password=…`), a shape that only secrets have (`ghp_…`), and a number with correct check digits (CPF, CNPJ, cards), so
that ordinary numbers survive. The names are those of Sentry's event scrubber and their Portuguese counterparts. Each
pattern starts where no other attempt has started, or looks at a bounded piece: for any text the work grows linearly
with its length.
"""

import ipaddress
import re
from collections.abc import Callable

from store.logs.secret_names import is_to_end_of_line, names_secret

Rule = Callable[[str], str]


def redact(text: str) -> str:
    """The text without secrets and personal data. A second call changes nothing."""
    for _ in range(3):  # A find gives its neighbours an edge, and may so uncover another.
        found = _apply(_RULES, text)
        if found == text:
            break
        text = found
    return text


def _mark(kind: str) -> str:
    return f"[redacted:{kind}]"


def _shape(kind: str, pattern: str, *, needs: tuple[str, ...], flags: int = 0) -> Rule:
    """A rule for what its shape gives away. `needs`: every find holds one of these, and a search for them is fast."""
    compiled, mark = re.compile(pattern, flags), _mark(kind)
    return lambda text: compiled.sub(mark, text) if any(piece in text for piece in needs) else text


def _checked(kind: str, pattern: str, is_valid: Callable[[str], bool]) -> Rule:
    """A rule for what has the shape and passes a check."""
    compiled, mark = re.compile(pattern), _mark(kind)
    return lambda text: compiled.sub(lambda match: mark if is_valid(match[0]) else match[0], text)


_NAMED = re.compile(
    r"(?<![\w.-])"
    r"(?:(?P<flag>--[\w-]++)[ =]"  # --password hunter2
    r"|(?P<name>[\w.-]++)(?:\\{0,3}[\"']?[ \t]{0,3}(?:=>|[:=])"  # password=…, "password": …, Password: …
    r"|\\{0,3}[\"'][ \t]{0,3},[ \t]{0,3}(?=b?\\{0,3}[\"'])))"  # ('password', 'hunter2')
    r"[ \t]{0,3}"
)
_QUOTED = re.compile(r"b?(?P<quote>\\{0,3}[\"'])(?:(?!(?P=quote))(?:\\.|[^\n]))*+")
_BARE = re.compile(r"\[[^\]\n]*+\]?\S*+|[^\s{]\S*+")
_LINE = re.compile(r"[^\n]++")


def _redact_named(text: str) -> str:
    pieces, done = [], 0
    for named in _NAMED.finditer(text):
        name = named["flag"] or named["name"]
        if named.start() < done or not names_secret(name):
            continue
        start = named.end()
        quoted = _QUOTED.match(text, start)
        value = quoted or (_LINE if is_to_end_of_line(name) else _BARE).match(text, start)
        if value:
            pieces += [text[done:start], quoted["quote"] if quoted else "", _mark("secret")]
            done = value.end()
    return "".join([*pieces, text[done:]]) if pieces else text


_USERINFO = re.compile(
    r"(?<=://)(?:[^\s/?#\"'<>]*@"
    # After a colon comes a port or a password; a password may hold a slash that should have been encoded.
    r"|[^\s/:@]{0,64}:(?!\d{1,5}(?:[/?#\s\"']|$))[^\s\"'<>@]{0,256}@)"
)


def _redact_userinfo(text: str) -> str:
    return _USERINFO.sub(f"{_mark('credentials')}@", text) if "://" in text else text


def _is_cpf(text: str) -> bool:
    from stdnum.br import cpf  # noqa: PLC0415  1.5 MB, which most processes never need.

    return bool(cpf.is_valid(text))


def _is_cnpj(text: str) -> bool:
    from stdnum.br import cnpj  # noqa: PLC0415

    return bool(cnpj.is_valid(text))


_ISSUERS = re.compile(r"4|5[0-9]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[4-9]|60[16]|62|63[67]|64[4-9]|65")
"""First digits of Visa, Mastercard, Amex, Diners, JCB, Discover, UnionPay, Elo, Hipercard and Aura."""


def _is_card(text: str) -> bool:
    from stdnum import luhn  # noqa: PLC0415

    digits = re.sub(r"\D", "", text)
    return bool(_ISSUERS.match(digits) and luhn.is_valid(digits))


_TOKENS = (
    "zvm_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_", "pypi-", "xoxb-", "xoxp-", "xoxa-",
    "xoxe-", "xoxs-", "xoxr-", "xapp-", "sk-", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "shpat_", "hf_", "AIza",
    "ya29.",
)  # fmt: skip
"""Prefixes by which issuers mark their tokens: ours, GitHub, GitLab, npm, PyPI, Slack, OpenAI, Stripe…"""

_AREA = "(?:1[1-9]|2[12478]|3[1-578]|4[1-9]|5[1345]|6[1-9]|7[134579]|8[1-9]|9[1-9])"
"""Brazil's area codes (Anatel)."""

_IN_NUMBERS: tuple[Rule, ...] = (
    _checked("cpf", r"(?<!\d)(?<!\d\.)\d{3}\.?\d{3}\.?\d{3}-?\d\d(?!\d)", _is_cpf),
    # 19 digits before 16: the first 16 of them may pass the check by themselves.
    _checked("card", r"(?<!\d)(?<!\d\.)\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}\1\d{3}(?!\d)", _is_card),
    _checked(
        "card",
        r"(?<!\d)(?<!\d\.)(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}|\d{4}([ -]?)\d{6}\2\d{4,5})(?!\d)",
        _is_card,
    ),
    _shape(
        "phone",
        r"\+\d{1,3}[ .-]?\(?\d{1,4}\)?[ .-]?\d{3,5}[ .-]?\d{3,5}(?!\d)"  # of any country, with its +
        rf"|(?:(?<![\d.])(?:55[ .-]?)?{_AREA}|\({_AREA}\))[ .-]?9\d{{4}}[ .-]?\d{{4}}(?!\d)"  # mobile
        rf"|(?<![\d.])55[ .-]?\(?{_AREA}\)?[ .-]?[2-5]\d{{3}}[ .-]?\d{{4}}(?!\d)"  # landline with the country code
        rf"|\({_AREA}\)[ .-]?[2-5]\d{{3}}[ .-]?\d{{4}}(?!\d)",  # landline
        needs=("",),
    ),
)
_NUMBERS = re.compile(r"[+(]?\d[\d .()-]{8,}+")


def _redact_numbers(text: str) -> str:
    return _NUMBERS.sub(lambda match: _apply(_IN_NUMBERS, match[0]), text)


def _is_public_ip(text: str) -> bool:
    """Private, loopback and documentation addresses locate a fault and identify nobody."""
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


_RULES: tuple[Rule, ...] = (
    _shape(
        "pem",
        r"-----BEGIN [A-Z0-9 ]{1,64}-----.*?(?:-----END [A-Z0-9 ]{1,64}-----|\Z)",
        needs=("-----BEGIN ",),
        flags=re.DOTALL,
    ),
    _redact_named,
    _redact_userinfo,
    _shape("bearer", r"(?i)(?<=\bbearer )[A-Za-z0-9._~+/=-]{8,}+", needs=("earer ", "EARER ")),
    _shape("jwt", r"eyJ[A-Za-z0-9_-]{17,}+(?:\.[A-Za-z0-9_-]*+){0,4}", needs=("eyJ",)),
    _shape("token", rf"(?:{'|'.join(map(re.escape, _TOKENS))})[A-Za-z0-9_-]{{16,}}+", needs=_TOKENS),
    _shape("token", r"(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])", needs=("AKIA", "ASIA", "AROA", "AIDA")),
    _shape("token", r"EAA[A-Za-z0-9]{40,}+", needs=("EAA",)),  # Meta's, for WhatsApp
    _shape("token", r"(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{30,}+", needs=(":AA",)),  # Telegram's
    _shape("token", r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,}+", needs=("SG.",)),  # SendGrid's
    _shape("token", r"(?<=hooks\.slack\.com/services/)[A-Za-z0-9/]{20,}+", needs=("hooks.slack.com",)),
    _shape("email", r"(?<![\w.%+'-])[\w.%+'-]++@[\w-]++(?:\.[\w-]++)++", needs=("@",)),
    _checked("cnpj", r"(?<![A-Za-z0-9])[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?\d\d(?!\w)", _is_cnpj),
    _redact_numbers,
    _checked("ip", r"(?<![\w.:])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)", _is_public_ip),
    _checked("ip", r"(?<![\w:.])[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{2,35}(?![\w:])", _is_public_ip),
)


def _apply(rules: tuple[Rule, ...], text: str) -> str:
    for rule in rules:
        text = rule(text)
    return text
