"""The steps of a login after the password: a code, a password of the user's own, the enrolment of a second factor.

Where a second factor is required, a wrong password leads to the form for a code just as a right one does, with a cookie
that looks the same: without both, nobody learns anything about either. Where it is not required, a user without one
needs the password alone, and there is nothing to hide.
"""

import secrets
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.accounts.encryption import Cipher, Undecryptable
from app.accounts.identities import Identities
from app.accounts.passwords import Busy
from app.accounts.second_factors import SecondFactors
from app.accounts.sessions import Person
from app.accounts.targets import NOBODY, Target, digest, target_of
from app.auth.context import auth_context, note, redirect_to_login, set_cookie, throttled_attempt
from app.auth.login import open_session
from app.auth.origin import local_path
from app.auth.throttle import CODES, Attempt, LoginThrottle

STEP_S = 600
"""How long a login may pause between its steps, and an enrolment take (s)."""


class Stage(StrEnum):
    """The form that a login waits for. To reach a later one, the user has shown what the earlier ones ask for."""

    CODE = "code"
    RENEWAL = "renewal"
    ENROLMENT = "enrol"


@dataclass(frozen=True)
class LoginStep:
    """How far a login has come. Its browser keeps it, encrypted, in a cookie of one length whoever logs in."""

    account: str
    """Of the target that the password was tried at, with its user's id and the ticket that the throttle counted."""
    target_id: str
    ticket: str
    stage: str = ""
    how: str = ""
    """What the user has shown so far, as in `Origin`."""
    user_id: str = ""
    """Of the user whose password it was; NOBODY when it was wrong."""
    generation: str = ""
    """Of that user, as in `Target`."""


class LoginSteps:
    """What the views of these steps share; one for each app."""

    def __init__(self, factors: SecondFactors, identities: Identities, secret_key: str, *, required: bool) -> None:
        self.factors = factors
        self.identities = identities
        self.required = required
        self.throttle = LoginThrottle(CODES)
        self._views: dict[Stage, str] = {}
        self._steps = Cipher(secret_key, "step of a login")
        self._enrolments = Cipher(secret_key, "enrolment")

    def serve(self, stage: Stage, endpoint: str) -> None:
        """Register the view that shows the form of a stage."""
        self._views[stage] = endpoint

    def after_password(self, person: Person | None, target: Target, attempt: Attempt) -> Response | None:
        """Lead a login on after the password; None when nothing more is asked. `person` None: it was wrong."""
        begun = LoginStep(target.account, _padded(target.user_id), attempt.ticket_id)
        if self.factors.is_enrolled(person.user_id if person else NOBODY) or (person is None and self.required):
            return self._lead_to(Stage.CODE, person, begun)
        if person is not None and person.is_initial:
            return self.ask_for_own_password(person, "password", begun)
        return None if person is None else self.ask_to_enrol(person, begun)

    def ask_for_own_password(self, person: Person, how: str, step: LoginStep) -> Response:
        """Lead to the form for a password of the user's own; `how`: what the user has shown, as in `Origin`."""
        return self._lead_to(Stage.RENEWAL, person, step, how)

    def ask_to_enrol(self, person: Person, step: LoginStep) -> Response | None:
        """Lead to the enrolment when a second factor is required and the user has none; else None."""
        if not self.required or self.factors.is_enrolled(person.user_id):
            return None
        return self._lead_to(Stage.ENROLMENT, person, step)

    def _lead_to(self, stage: Stage, person: Person | None, step: LoginStep, how: str = "password") -> Response:
        response = redirect(url_for(self._views[stage], next=local_path(request.form.get("next"))), 303)
        step = replace(
            step,
            stage=stage.value,
            how=how,
            user_id=_padded(person.user_id if person else NOBODY),
            generation=target_of(person).generation if person else digest(secrets.token_hex()),
        )
        set_cookie(response, auth_context().step_cookie_name, self._steps.encrypt(asdict(step)), max_age=STEP_S)
        return response

    def read(self) -> LoginStep | None:
        """The step that this browser's login has reached; None when there is none, or it was too long ago."""
        try:
            step = self._steps.decrypt(request.cookies.get(auth_context().step_cookie_name, ""), max_age_s=STEP_S)
            return LoginStep(**step)
        except (Undecryptable, TypeError):  # TypeError: another release of the panel has written it.
            return None

    def find(self, step: LoginStep) -> Person | None:
        """The user who logs in; None when the password was wrong or the account has changed since."""
        person = self.identities.find(int(step.user_id))
        return person if person and target_of(person).generation == step.generation else None

    def target(self, step: LoginStep) -> Target:
        """The account that the login is aimed at, whatever was shown so far."""
        return auth_context().accounts.targets.find_user(int(step.target_id), step.account)

    def finish(self, step: LoginStep, answer: ResponseReturnValue) -> Response:
        """End the login with `answer`, and take back the failure that was counted at its password."""
        auth_context().throttle.take_back(self.target(step), step.ticket)
        response = make_response(answer)
        set_cookie(response, auth_context().step_cookie_name, "", max_age=0)
        return response

    def render_enrolment(self, person: Person, error: str | None = None, *, action: str, asks_password: bool) -> str:
        """The QR code, and the form for a first code: with a new secret, or with the one that the form sent back."""
        import segno  # noqa: PLC0415  4 MiB, for a page that is seldom opened.

        offer = self.factors.offer(person.email, self._offered(person))
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

    def enrol(self, person: Person) -> tuple[Person, list[str]] | None:
        """Store the secret that the form sends back. The answer is that of `SecondFactors.enrol`."""
        secret = self._offered(person)
        return None if secret is None else self.factors.enrol(person, secret, request.form.get("code", ""))

    def _offered(self, person: Person) -> str | None:
        """The secret that the form sends back, if it was offered to this user within STEP_S."""
        try:
            user_id, secret = self._enrolments.decrypt(request.form.get("enrolment", ""), max_age_s=STEP_S)
        except Undecryptable:
            return None
        return str(secret) if user_id == person.user_id else None


def make_blueprint(steps: LoginSteps) -> Blueprint:
    """The forms for a code and for the enrolment."""
    blueprint = Blueprint("login_steps", __name__)
    steps.serve(Stage.CODE, "login_steps.show_code")
    steps.serve(Stage.ENROLMENT, "login_steps.show_enrolment")

    @blueprint.get("/login/code")
    def show_code() -> ResponseReturnValue:
        """The form for a code."""
        return _code(None) if steps.read() else start_over()

    @blueprint.post("/login/code")
    def check_code() -> ResponseReturnValue:
        """Go on after a right code. 401 for a wrong one, 429 for too many."""
        step = steps.read()
        if step is None:
            return start_over()
        person, target = steps.find(step), steps.target(step)
        try:
            with throttled_attempt(steps.throttle, target) as attempt:
                if attempt.wait_s is not None:
                    note("login_throttled", target.email, "code", is_user=target.is_user)
                    return _code("throttled", attempt.wait_s), 429, {"Retry-After": str(attempt.wait_s)}
                how = steps.factors.check(person.user_id if person else NOBODY, request.form.get("code", ""))
                if person is None or how is None:
                    attempt.fail()
                    note("login_failed", target.email, "code", is_user=target.is_user)
                    return _code("invalid"), 401
        except Busy:
            return _code("busy"), 503, {"Retry-After": "3"}
        if person.is_initial:
            return steps.ask_for_own_password(person, how, step)
        return steps.finish(step, open_session(person, how))

    @blueprint.get("/login/enrol")
    def show_enrolment() -> ResponseReturnValue:
        """The enrolment of a user who must have a second factor and has none."""
        person, _ = _newcomer()
        return _enrolment(person) if person else start_over()

    @blueprint.post("/login/enrol")
    def enrol_newcomer() -> ResponseReturnValue:
        """Store the second factor, open a session and show the recovery codes."""
        person, step = _newcomer()
        if person is None or step is None:
            return start_over()
        enrolled = steps.enrol(person)
        if enrolled is None:
            return _enrolment(person, "code")
        person, codes = enrolled
        note("second_factor_on", person.email)
        return steps.finish(step, open_session(person, "totp", show_codes(codes)))

    def _newcomer() -> tuple[Person | None, LoginStep | None]:
        step = steps.read()
        person = steps.find(step) if step and step.stage == Stage.ENROLMENT else None
        return (person if person and not steps.factors.is_enrolled(person.user_id) else None), step

    def _enrolment(person: Person, error: str | None = None) -> str:
        return steps.render_enrolment(person, error, action=url_for("login_steps.enrol_newcomer"), asks_password=False)

    return blueprint


def show_codes(codes: list[str]) -> Response:
    """The page with the recovery codes. They are never shown again."""
    return make_response(render_template("recovery.html", codes=codes, next=local_path(request.form.get("next"))))


def start_over() -> Response:
    """To the login form: this browser has no login under way."""
    return redirect_to_login(local_path(request.values.get("next")))


def _code(error: str | None, wait_s: int | None = None) -> str:
    return render_template("code.html", error=error, wait_s=wait_s, next=local_path(request.values.get("next")))


def _padded(user_id: int) -> str:
    return f"{user_id:010}"
