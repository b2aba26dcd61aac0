"""What a login may ask for after the password: a code, and the enrolment of who must have a second factor and has none.

Where a second factor is required, a wrong password leads to the code's form just as a right one does, with a cookie
that looks the same: who does not have both learns nothing about either. Where it is not, whoever has none is let in by
the password alone, and there is nothing to hide.
"""

import secrets

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.accounts.encryption import Cipher, Undecryptable
from app.accounts.identities import Identities
from app.accounts.passwords import Busy
from app.accounts.second_factors import SecondFactors
from app.accounts.sessions import Person
from app.accounts.targets import NOBODY, Target, digest
from app.auth.context import auth_context, note, set_cookie, throttled_attempt
from app.auth.login import open_session
from app.auth.origin import local_path
from app.auth.throttle import CODES, Attempt, LoginThrottle

STEP_S = 600
"""How long a login may stop between its steps, and an enrolment take."""

CODE, RENEWAL, ENROLMENT = "code", "renewal", "enrol"
"""What a login waits for. To be at a later stage is to have shown what the earlier ones ask for."""

_VIEWS = {CODE: "login_steps.show_code", RENEWAL: "initial_password.show", ENROLMENT: "login_steps.show_enrolment"}


class LoginSteps:
    """What the views below share; one for each app."""

    def __init__(self, factors: SecondFactors, identities: Identities, secret_key: str, *, required: bool) -> None:
        self.factors = factors
        self.identities = identities
        self.required = required
        self.throttle = LoginThrottle(CODES)
        self._steps = Cipher(secret_key, "step of a login")
        self._enrolments = Cipher(secret_key, "enrolment")

    def ask(self, person: Person | None, target: Target, attempt: Attempt) -> Response | None:
        """Where a login goes on after the password; None when that was all. `person` None: it was wrong."""
        begun = {"account": target.account, "target": f"{target.user_id:010}", "ticket": attempt.ticket_id}
        if self.factors.is_enrolled(person.user_id if person else NOBODY) or (person is None and self.required):
            return self._lead_to(CODE, person, begun)
        if person is not None and person.is_initial:
            return self.ask_for_own_password(person, "password", begun)
        return None if person is None else self.ask_to_enrol(person, begun)

    def ask_for_own_password(self, person: Person, how: str, noted: dict[str, str]) -> Response:
        """To the form for one; `how`: what has shown who this is. `noted`: what is known of this login."""
        return self._lead_to(RENEWAL, person, noted, how)

    def ask_to_enrol(self, person: Person, noted: dict[str, str]) -> Response | None:
        """To the enrolment, where a second factor is required and there is none; else None."""
        if not self.required or self.factors.is_enrolled(person.user_id):
            return None
        return self._lead_to(ENROLMENT, person, noted)

    def _lead_to(self, stage: str, person: Person | None, noted: dict[str, str], how: str = "password") -> Response:
        response = redirect(url_for(_VIEWS[stage], next=local_path(request.form.get("next"))), 303)
        step = {
            "user": f"{person.user_id if person else NOBODY:010}",  # Of one length, whoever it is.
            "stamp": digest(person.password_hash if person else secrets.token_hex()),
            **{name: noted[name] for name in ("account", "target", "ticket")},
            "stage": stage,
            "how": how,
        }
        set_cookie(response, auth_context().step_cookie_name, self._steps.encrypt(step), max_age=STEP_S)
        return response

    def read(self) -> dict[str, str] | None:
        """What `ask` has noted in this browser; None when it has not, or long ago."""
        try:
            step = self._steps.decrypt(request.cookies.get(auth_context().step_cookie_name, ""), max_age_s=STEP_S)
        except Undecryptable:
            return None
        return dict(step)

    def find(self, step: dict[str, str]) -> Person | None:
        """Who is in that step of a login, unless the password was wrong or the account has changed since."""
        person = self.identities.find(int(step["user"]))
        return person if person and digest(person.password_hash) == step["stamp"] else None

    def target(self, step: dict[str, str]) -> Target:
        """Whose account that login is aimed at, whatever was shown so far."""
        return auth_context().accounts.targets.find_user(int(step["target"]), step["account"])

    def leave(self, step: dict[str, str], answer: ResponseReturnValue) -> Response:
        """`answer`, at the end of that login: what was counted as a failure at its password was none."""
        auth_context().throttle.take_back(self.target(step), step["ticket"])
        response = make_response(answer)
        set_cookie(response, auth_context().step_cookie_name, "", max_age=0)
        return response

    def render_enrolment(self, person: Person, error: str | None = None, *, action: str, asks_password: bool) -> str:
        """The QR code and the form that shows that it has been read: of a new secret, or again of the one sent back."""
        import segno  # noqa: PLC0415  4 MiB, for a page that most never open.

        offer = self.factors.offer(person.email, self.offered(person))
        return render_template(
            "enrol.html",
            error=error,
            action=action,
            asks_password=asks_password,
            secret=offer.secret,
            enrolment=self._enrolments.encrypt([person.user_id, offer.secret]),
            qr=segno.make(offer.uri, error="m").svg_data_uri(scale=4, border=2),
            next=local_path(request.values.get("next")),
        )

    def enrol(self, person: Person) -> list[str] | None:
        """Take what the form brings back. The recovery codes; None when its code does not show that the app has it."""
        secret = self.offered(person)
        return None if secret is None else self.factors.enrol(person.user_id, secret, request.form.get("code", ""))

    def offered(self, person: Person) -> str | None:
        """The secret that the form brings back, when it was offered to this user a moment ago."""
        try:
            user_id, secret = self._enrolments.decrypt(request.form.get("enrolment", ""), max_age_s=STEP_S)
        except Undecryptable:
            return None
        return str(secret) if user_id == person.user_id else None


def make_blueprint(steps: LoginSteps) -> Blueprint:
    """The second step of a login."""
    blueprint = Blueprint("login_steps", __name__)

    @blueprint.get("/login/code")
    def show_code() -> ResponseReturnValue:
        """The form for a code."""
        return _code(None) if steps.read() else start_over()

    @blueprint.post("/login/code")
    def check_code() -> ResponseReturnValue:
        """A session for the right one. 401 for any other, 429 for too many."""
        noted = steps.read()
        if noted is None:
            return start_over()
        person, target = steps.find(noted), steps.target(noted)
        try:
            with throttled_attempt(steps.throttle, target) as attempt:
                if attempt.wait_s is not None:
                    note("login_throttled", target.email, "code", is_user=target.is_user)
                    return _code("throttled"), 429, {"Retry-After": str(attempt.wait_s)}
                how = steps.factors.check(person.user_id if person else NOBODY, request.form.get("code", ""))
                if person is None or how is None:
                    attempt.fail()
                    note("login_failed", target.email, "code", is_user=target.is_user)
                    return _code("invalid"), 401
        except Busy:
            return _code("busy"), 503, {"Retry-After": "3"}
        if person.is_initial:
            return steps.ask_for_own_password(person, how, noted)
        return steps.leave(noted, open_session(person, how))

    @blueprint.get("/login/enrol")
    def show_enrolment() -> ResponseReturnValue:
        """The form for who must have a second factor and has none."""
        person, _ = _newcomer()
        return _enrolment(person) if person else start_over()

    @blueprint.post("/login/enrol")
    def enrol_newcomer() -> ResponseReturnValue:
        """A second factor and a session, with the recovery codes."""
        person, noted = _newcomer()
        if person is None or noted is None:
            return start_over()
        codes = steps.enrol(person)
        if codes is None:
            return _enrolment(person, "code")
        note("second_factor_on", person.email)
        return steps.leave(noted, open_session(person, "totp", show_codes(codes)))

    def _newcomer() -> tuple[Person | None, dict[str, str] | None]:
        noted = steps.read()
        person = steps.find(noted) if noted and noted.get("stage") == ENROLMENT else None
        return (person if person and not steps.factors.is_enrolled(person.user_id) else None), noted

    def _enrolment(person: Person, error: str | None = None) -> str:
        return steps.render_enrolment(person, error, action=url_for("login_steps.enrol_newcomer"), asks_password=False)

    return blueprint


def _code(error: str | None) -> str:
    return render_template("code.html", error=error, next=local_path(request.values.get("next")))


def show_codes(codes: list[str]) -> Response:
    """The recovery codes, this once."""
    return make_response(render_template("recovery.html", codes=codes, next=local_path(request.form.get("next"))))


def start_over() -> Response:
    """To the login: there is nothing to go on with."""
    return redirect(url_for("auth.login", next=local_path(request.values.get("next"))), 303)
