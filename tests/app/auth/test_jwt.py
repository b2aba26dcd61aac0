"""Every known way to make a verifier accept a forged token: RFC 8725, and faults found in libraries."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from app.auth import http_json as remote
from app.auth.http_json import RemoteUnavailable
from app.auth.jwks import BadKey, FixedKeys, PublishedKeys, usable_keys
from app.auth.jwt import LEEWAY_S, BadToken, Expected, Verifier, grants, is_same
from tests.app.published import Published

ISSUER, AUDIENCE = "https://app.zapvoice.test", "zapvoice-monitor"
NOW = 1_800_000_000
OURS = RSAKey.generate_key(2048, {"kid": "ours", "use": "sig"})
THEIRS = RSAKey.generate_key(2048, {"kid": "ours"})
PEM = OURS.as_pem(private=False).decode()
DER = base64.b64decode("".join(PEM.splitlines()[1:-1]))
CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "42", "iat": NOW - 5, "exp": NOW + 300, "role": "super_admin"}
SECRET = "a secret of our own house, of which nobody knows"


def expected(**changed: Any) -> Expected:
    wanted: dict[str, Any] = {"issuer": ISSUER, "audience": AUDIENCE, "algorithm": "RS256", **changed}
    return Expected(**wanted)


def verifier(text: str = PEM, **changed: Any) -> Verifier:
    wanted = expected(foreign_claims=frozenset({"nonce", "at_hash"}), **changed)
    return Verifier(wanted, FixedKeys(text, wanted.algorithm), lambda: NOW)


def signed(header: dict[str, Any] | None = None, key: Key = OURS, **changed: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changed}.items() if value is not ...}
    header = {"alg": "RS256", "kid": "ours", **(header or {})}
    return jws.serialize_compact(header, json.dumps(claims), key, algorithms=[header["alg"]])


def part(content: Any) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def made(header: Any, signature: bytes = b"", claims: Any = CLAIMS) -> str:
    return f"{part(header)}.{part(claims)}.{part(signature) or '_'}"


def by_hmac(secret: bytes, **header: Any) -> str:
    text = f"{part({'alg': 'HS256', 'typ': 'JWT', **header})}.{part(CLAIMS)}"
    return f"{text}.{part(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def by_raw_rsa(header: dict[str, Any]) -> str:
    """A token signed by the right key, with a header that no library would write."""
    text = f"{part(header)}.{part(CLAIMS)}"
    return f"{text}.{part(jws.JWSRegistry.algorithms['RS256'].sign(text.encode(), OURS))}"


def as_json(kind: str) -> str:
    compact = signed()
    protected, payload, signature = compact.split(".")
    if kind == "flattened":
        return json.dumps({"protected": protected, "payload": payload, "signature": signature})
    signatures = [] if kind == "empty" else [{"protected": protected, "signature": signature}]
    return json.dumps({"payload": payload, "signatures": signatures})


FORGED: dict[str, Callable[[], str]] = {
    **{
        f"alg {name}": lambda name=name: made({"alg": name, "typ": "JWT"})
        for name in ("none", "None", "NONE", "nOnE", "", "rs256", None, ["RS256"])
    },
    "no alg": lambda: made({"typ": "JWT"}),
    "alg none with the right signature": lambda: by_raw_rsa({"alg": "none"}),
    **{
        f"HMAC by the public key, {name}": lambda secret=secret: by_hmac(secret)
        for name, secret in {
            "PEM": PEM.encode(),
            "PEM without the last newline": PEM.strip().encode(),
            "a newline before": b"\n" + PEM.encode(),
            "blanks before": b"  " + PEM.encode(),
            "CRLF": PEM.replace("\n", "\r\n").encode(),
            "DER": DER,
            "a text before": b"x\n" + PEM.encode(),
        }.items()
    },
    "HMAC by an empty key": lambda: by_hmac(b""),
    **{
        f"kid {kid!r}": lambda kid=kid: by_raw_rsa({"alg": "RS256", "kid": kid})
        for kid in (["ours"], {"a": 1}, 7, True)
    },
    **{
        f"header {name}": lambda name=name, value=value: by_raw_rsa({"alg": "RS256", "kid": "ours", name: value})
        for name, value in {
            "jku": "https://evil.test/keys",
            "x5u": "https://evil.test/cert",
            "jwk": THEIRS.as_dict(private=False),
            "x5c": ["MII"],
            "crit": ["exp"],
            "b64": False,
            "zip": "DEF",
            "foo": 1,
            "cty": "JWT",
        }.items()
    },
    "crit that we do not know": lambda: by_raw_rsa(
        {"alg": "RS256", "crit": ["http://evil.test/x"], "http://evil.test/x": True}
    ),
    "crit of a wrong type": lambda: by_raw_rsa({"alg": "RS256", "crit": 1}),
    "another's key of the same name": lambda: signed(key=THEIRS),
    "another's key with itself in the header": lambda: signed({"jwk": THEIRS.as_dict(private=False)}, THEIRS),
    "another algorithm of the same key": lambda: signed({"alg": "PS256"}),
    "no exp": lambda: signed(exp=...),
    **{
        f"exp {exp!r}": lambda exp=exp: signed(exp=exp)
        for exp in ("2100", True, None, float("inf"), float("nan"), 1e400, [NOW + 300])
    },
    "for ever": lambda: signed(exp=10**400),
    "for a year": lambda: signed(exp=NOW + 365 * 86_400),
    "expired": lambda: signed(exp=NOW - LEEWAY_S),
    "expired by a minute": lambda: signed(exp=NOW - 61),
    "not yet": lambda: signed(nbf=NOW + 61),
    "nbf of a wrong type": lambda: signed(nbf="now"),
    "no iat": lambda: signed(iat=...),
    "issued in the future": lambda: signed(iat=NOW + 61),
    "no sub": lambda: signed(sub=...),
    **{
        f"sub {sub!r}": lambda sub=sub: signed(sub=sub)
        for sub in ("", 42, ["42"], "4\x002", "4\n2", "4\u202e2", "x" * 256, "\ud800")
    },
    "no aud": lambda: signed(aud=...),
    **{
        f"aud {aud!r}": lambda aud=aud: signed(aud=aud)
        for aud in (
            "",
            "zapvoice",
            "zapvoice-monitor2",
            "Zapvoice-Monitor",
            [],
            [AUDIENCE, "other"],
            [[AUDIENCE]],
            {AUDIENCE: 1},
            f"{AUDIENCE} other",
        )
    },
    "no iss": lambda: signed(iss=...),
    **{
        f"iss {iss!r}": lambda iss=iss: signed(iss=iss)
        for iss in (
            "https://app.zapvoice.test.evil.test",
            "https://app.zapvoice.tes",
            "https://app.zapvoice.test/",
            "HTTPS://app.zapvoice.test",
            [ISSUER],
            [ISSUER, "x"],
            "",
        )
    },
    **{f"typ {typ!r}": lambda typ=typ: signed({"typ": typ}) for typ in ("at+jwt", "logout+jwt", "dpop+jwt", "")},
    "an ID token, by its nonce": lambda: signed(nonce="n"),
    "an ID token, by its at_hash": lambda: signed(at_hash="h"),
    "typ of a wrong type": lambda: by_raw_rsa({"alg": "RS256", "typ": ["JWT"]}),
    **{f"JSON, {kind}": lambda kind=kind: as_json(kind) for kind in ("flattened", "general", "empty")},
    "a JWE": lambda: ".".join("aaaaa"),
    "nothing": lambda: "",
    "two parts": lambda: signed().rpartition(".")[0],
    "no signature": lambda: signed().rpartition(".")[0] + ".",
    "a changed claim": lambda: signed()[:200] + ("A" if signed()[200] != "A" else "B") + signed()[201:],
    "a blank before": lambda: " " + signed(),
    "a newline after": lambda: signed() + "\n",
    "padding": lambda: signed() + "=",
    "a header that is a list": lambda: made(["alg"]),
    "a header that is deep": lambda: made(b"[" * 5000),
    "claims that are a list": lambda: jws.serialize_compact({"alg": "RS256"}, b"[1]", OURS),
    "claims that are no JSON": lambda: jws.serialize_compact({"alg": "RS256"}, b"\xff", OURS),
    "claims that are deep": lambda: jws.serialize_compact({"alg": "RS256"}, b"[" * 5000, OURS),
    "too long": lambda: signed(padding="x" * 8192),
    "not ASCII": lambda: signed() + "é",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(name: str) -> None:
    with pytest.raises(BadToken):
        verifier().verify(FORGED[name]())


def test_a_token_that_is_what_it_must_be_tells_its_claims() -> None:
    good = [
        signed(),
        signed({"typ": "application/jwt"}),
        signed({"kid": "of another name, for there is one key"}),
        by_raw_rsa({"alg": "RS256"}),
        signed(aud=[AUDIENCE]),
        signed(exp=NOW - LEEWAY_S + 1, nbf=NOW + LEEWAY_S),
    ]

    assert [verifier().verify(text)["sub"] for text in good] == ["42"] * len(good)


def test_a_token_of_a_type_of_its_own_is_no_other() -> None:
    typed = verifier(type="at+jwt")

    assert typed.verify(signed({"typ": "at+JWT"}))["sub"] == "42"
    for text in (signed(), by_raw_rsa({"alg": "RS256"})):
        with pytest.raises(BadToken):
            typed.verify(text)


def pem(key: Any) -> str:
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


@pytest.mark.filterwarnings("ignore:Key size")
def test_each_algorithm_takes_its_own_kind_of_key_and_no_other() -> None:
    curve, weak = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 1024)
    good = {
        "PS256": (PEM, OURS),
        "ES256": (pem(curve), ECKey.import_key(curve)),
        "HS256": (SECRET, OctKey.import_key(SECRET)),
    }

    for algorithm, (text, key) in good.items():
        assert verifier(text, algorithm=algorithm).verify(signed({"alg": algorithm}, key))
    bad = [
        ("HS256", PEM),
        ("HS256", "  " + PEM),
        ("HS256", pem(curve)),
        ("HS256", "short"),
        ("HS256", ""),
        ("RS256", pem(curve)),
        ("RS256", SECRET),
        ("RS256", pem(weak)),
        ("ES256", PEM),
        ("ES384", pem(curve)),
        ("RS256", '{"keys": []}'),
        ("RS256", "{"),
        ("HS256", json.dumps({"keys": [OctKey.import_key(SECRET).as_dict()]})),
    ]
    for algorithm, text in bad:
        with pytest.raises(BadKey):
            FixedKeys(text, algorithm)


def test_of_a_set_only_keys_for_the_purpose_count_and_a_name_must_mean_one() -> None:
    other = RSAKey.generate_key(2048, {"kid": "other"})
    public = OURS.as_dict(private=False)
    rows = [
        public,
        other.as_dict(private=False),
        {**public, "use": "enc", "kid": "enc"},
        {**public, "alg": "PS256", "kid": "ps"},
        ECKey.generate_key("P-256").as_dict(private=False),
        OctKey.import_key(SECRET).as_dict(),
        {"kty": "RSA"},
        {"kty": "RSA", "n": 1, "e": 2},
        "x",
        None,
    ]
    strict = verifier(json.dumps({"keys": rows}))

    assert [key.kid for key in usable_keys(rows, "RS256")] == ["ours", "other"]
    assert strict.verify(signed())["sub"] == "42"
    for name in ("enc", "ps", "nobody", "../../etc/passwd", "' OR 1=1 --", "x" * 200):
        with pytest.raises(BadToken):
            strict.verify(signed({"kid": name}))
    with pytest.raises(BadToken):  # Nameless, and there are two.
        strict.verify(by_raw_rsa({"alg": "RS256"}))


def test_published_keys_are_renewed_for_a_new_name_but_made_up_names_cause_no_flood() -> None:
    with Published({"keys": [OURS.as_dict(private=False)]}) as published:
        source = PublishedKeys(published.url, "RS256")
        checked = Verifier(expected(), source, lambda: NOW)
        assert checked.verify(signed())["sub"] == "42"

        for number in range(20):
            with pytest.raises(BadToken):
                checked.verify(signed({"kid": f"made up {number}"}))
        assert published.hits == 1

        source._keys._tried_mono_s -= 31  # As if half a minute had passed.
        published.document = {"keys": [THEIRS.as_dict(private=False)]}
        with pytest.raises(BadToken):
            checked.verify(signed({"kid": "made up"}))
        assert published.hits == 2
        with pytest.raises(BadToken):
            checked.verify(signed())  # Ours is published no longer.


def test_published_keys_are_never_taken_from_elsewhere_nor_from_a_server_that_misbehaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Published({"keys": [OURS.as_dict(private=False)]}) as elsewhere, Published(None) as published:
        for path in ("/redirect", "/list", "/text", "/long", "/missing", "/error"):
            published.target = elsewhere.url
            with pytest.raises(RemoteUnavailable):
                PublishedKeys(published.url + path, "RS256").find("ours")
        assert elsewhere.hits == 0
        with pytest.raises(RemoteUnavailable):
            PublishedKeys("http://192.0.2.1/keys", "RS256").find("ours")
        url, hits = published.url, published.hits
        source = PublishedKeys(url + "/error", "RS256")
        monkeypatch.setattr(remote, "RETRY_S", 600.0)
        for _ in range(3):
            with pytest.raises(RemoteUnavailable):
                source.find("ours")
        assert published.hits == hits + 1, "who comes soon after a failure does not stand in line for another"
    with pytest.raises(RemoteUnavailable):
        PublishedKeys(url, "RS256").find("ours")


def test_a_role_is_granted_by_exactly_that_word() -> None:
    assert grants("super_admin", "super_admin", in_list=False)
    assert grants(["x", "super_admin"], "super_admin", in_list=True)
    for value in (
        "Super_Admin",
        "super_admin ",
        "super_admins",
        "",
        None,
        True,
        1,
        {"super_admin": 1},
        [["super_admin"]],
    ):
        assert not grants(value, "super_admin", in_list=True)
    assert not grants(["super_admin"], "super_admin", in_list=False)
    assert is_same("a", "a")
    assert not any(is_same(one, "a") for one in (None, "", "b", ["a"], "\ud800"))
