"""The step of a login in which a user replaces the operator's password by one of their own (ASVS 5.0, 6.4.1).

No session opens before. The step comes after the code of a second factor, and before its enrolment.
"""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.accounts.passwords import MIN_LENGTH, Busy, UnacceptablePassword
from app.accounts.sessions import Person
from app.auth.context import auth_context, note
from app.auth.login import open_session
from app.auth.login_steps import LoginStep, LoginSteps, Stage, start_over
from app.auth.origin import local_path
from app.auth.reauthentication import Refusal


def make_blueprint(steps: LoginSteps) -> Blueprint:
    """`/login/password`."""
    blueprint = Blueprint("initial_password", __name__)
    steps.serve(Stage.RENEWAL, "initial_password.show")

    @blueprint.get("/login/password")
    def show() -> ResponseReturnValue:
        """The form."""
        return _form(None) if _newcomer()[0] else start_over()

    @blueprint.post("/login/password")
    def choose() -> ResponseReturnValue:
        """Set the new password, then open a session or lead on to the enrolment."""
        person, step = _newcomer()
        if person is None or step is None:
            return start_over()
        renewed = set_new_password(person)
        if isinstance(renewed, Refusal):
            return _form(renewed.error), renewed.status, renewed.headers
        enrolment = steps.ask_to_enrol(renewed, step)
        return enrolment or steps.finish(step, open_session(renewed, step.how))

    def _newcomer() -> tuple[Person | None, LoginStep | None]:
        step = steps.read()
        return steps.find(step) if step and step.stage == Stage.RENEWAL else None, step

    def _form(error: str | None) -> str:
        target = local_path(request.values.get("next"))
        return render_template("own_password.html", error=error, next=target, shortest=MIN_LENGTH)

    return blueprint


def set_new_password(person: Person, *, ends_tokens: bool = False) -> Person | Refusal:
    """Set the password that the form sends twice, and end every session. The user has just shown the old password.

    Returns: the user with the new hash, or the reason for a refusal. Raises: StoreUnavailable.
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
    if renewed is None:  # The operator has just changed the account.
        return Refusal("changed", 409)
    note("password_changed", person.email, "with_tokens" if ends_tokens else "")
    return renewed
