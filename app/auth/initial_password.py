"""A password of one's own: the step of a login where the operator's is replaced (ASVS 5.0, 6.4.1), and its form.

Until it is, there is no session. It comes after the code of a second factor where there is one, and before the
enrolment where one is required.
"""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.accounts.passwords import MIN_LENGTH, Busy, UnacceptablePassword
from app.accounts.sessions import Person
from app.auth.context import auth_context, note
from app.auth.login import open_session
from app.auth.login_steps import RENEWAL, LoginSteps, start_over
from app.auth.origin import local_path
from app.auth.reauthentication import Refusal


def make_blueprint(steps: LoginSteps) -> Blueprint:
    """`/login/password`."""
    blueprint = Blueprint("initial_password", __name__)

    @blueprint.get("/login/password")
    def show() -> ResponseReturnValue:
        """The form."""
        return _form(None) if _newcomer() else start_over()

    @blueprint.post("/login/password")
    def choose() -> ResponseReturnValue:
        """A session, or on to the second factor, for who chooses a password that can be taken."""
        person, noted = _newcomer(), steps.read()
        if person is None or noted is None:
            return start_over()
        renewed = set_new_password(person)
        if isinstance(renewed, Refusal):
            return _form(renewed.error), renewed.status, renewed.headers
        more = steps.ask_to_enrol(renewed, noted)
        return more or steps.leave(noted, open_session(renewed, noted["how"]))

    def _newcomer() -> Person | None:
        noted = steps.read()
        return steps.find(noted) if noted and noted.get("stage") == RENEWAL else None

    def _form(error: str | None) -> str:
        target = local_path(request.values.get("next"))
        return render_template("own_password.html", error=error, next=target, shortest=MIN_LENGTH)

    return blueprint


def set_new_password(person: Person, *, ends_tokens: bool = False) -> Person | Refusal:
    """Set what the form brings twice for who has just shown the old one, and end every session of theirs; or why not.

    Raises: StoreUnavailable.
    """
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        return Refusal("differs", 422)
    try:
        renewed = auth_context().accounts.replace_password(person, new, ends_tokens=ends_tokens)
    except UnacceptablePassword as exc:
        return Refusal(exc.code, 422)
    except Busy:
        return Refusal("busy", 503, {"Retry-After": "3"})
    if renewed is None:  # The operator was quicker.
        return Refusal("changed", 409)
    note("password_changed", person.email, "with_tokens" if ends_tokens else "")
    return renewed
