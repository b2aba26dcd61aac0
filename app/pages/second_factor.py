"""`/second-factor`: where a user enrols a second factor, renews recovery codes, or removes the factor.

Each change needs reauthentication: by the password before there is a factor, then by a code.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.accounts.passwords import Busy
from app.accounts.sessions import Person
from app.auth.context import auth_context, note, throttled_attempt
from app.auth.guard import require_role
from app.auth.login import open_session
from app.auth.login_steps import LoginSteps, show_codes
from app.auth.reauthentication import Refusal, confirm_password, session_user
from app.web.errors import error_response


def make_blueprint(steps: LoginSteps) -> Blueprint:
    """The page and its two forms."""
    blueprint = Blueprint("factor", __name__)

    @blueprint.get("/second-factor")
    @require_role("super_admin", page=True)
    def show() -> ResponseReturnValue:
        """The user's second factor, or the enrolment."""
        person = session_user(steps.identities)
        if person is None:
            return error_response(403, "forbidden", "A token cannot change how its user signs in.")
        is_enrolled = steps.factors.is_enrolled(person.user_id)
        return _factor(person) if is_enrolled or not steps.identities.has_password(person) else _own_enrolment(person)

    @blueprint.post("/second-factor/enrol")
    @require_role("super_admin", page=True)
    def enrol() -> ResponseReturnValue:
        """Enrol a second factor; the form asks for the password. All sessions end, and this browser gets a new one."""
        person = session_user(steps.identities)
        if person is None or steps.factors.is_enrolled(person.user_id):
            return redirect(url_for("factor.show"), 303)
        shown = confirm_password(person)
        if isinstance(shown, Refusal):
            return _own_enrolment(person, shown.error), shown.status, shown.headers
        enrolled = steps.enrol(shown)
        if enrolled is None:
            return _own_enrolment(person, "code"), 401
        person, codes = enrolled
        note("second_factor_on", person.email)
        return open_session(person, "totp", show_codes(codes))

    @blueprint.post("/second-factor")
    @require_role("super_admin", page=True)
    def change() -> ResponseReturnValue:
        """Renew the recovery codes or remove the factor; the form asks for a code. This browser gets a new session."""
        person = session_user(steps.identities)
        if person is None:
            return redirect(url_for("factor.show"), 303)
        try:
            with throttled_attempt(steps.throttle, auth_context().accounts.targets.find(person.email)) as attempt:
                if attempt.wait_s is not None:
                    return _factor(person, "throttled"), 429, {"Retry-After": str(attempt.wait_s)}
                how = steps.factors.check(person.user_id, request.form.get("code", ""))
                if how is None:
                    attempt.fail()
                    note("confirm_failed", person.email, request.path, is_user=True)
                    return _factor(person, "code"), 401
        except Busy:
            return _factor(person, "busy"), 503, {"Retry-After": "3"}
        if request.form.get("action") == "remove" and not steps.required:
            person = steps.factors.remove(person)
            note("second_factor_off", person.email)
            answer: Response = redirect(url_for("account.show"), 303)
        else:
            note("recovery_codes_renewed", person.email)
            answer = show_codes(steps.factors.renew_recovery_codes(person.user_id))
        return open_session(person, how, answer)

    def _own_enrolment(person: Person, error: str | None = None) -> str:
        return steps.render_enrolment(person, error, action=url_for("factor.enrol"), asks_password=True)

    def _factor(person: Person, error: str | None = None) -> str:
        codes_left = steps.factors.recovery_codes_left(person.user_id)
        is_foreign = not steps.identities.has_password(person)
        return render_template(
            "second_factor.html", error=error, codes_left=codes_left, required=steps.required, is_foreign=is_foreign
        )

    return blueprint
