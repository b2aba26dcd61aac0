"""What can stand in the audit, in the groups that its page is filtered by. docs/operations.md explains each."""

KINDS: dict[str, tuple[str, ...]] = {
    "logins": ("login_ok", "login_step", "login_failed", "login_throttled", "login_busy", "logout", "confirm_failed"),
    "refusals": ("refused", "csrf_failed", "cross_site", "untrusted_host"),
    "streams": ("stream_opened", "stream_closed"),
    "changes": (
        "user_created", "user_disabled", "user_enabled", "role_changed",
        "password_changed", "password_reset", "session_revoked", "session_replaced",
        "token_created", "token_revoked",
        "second_factor_on", "second_factor_off", "second_factor_reset", "recovery_codes_renewed",
    ),
}  # fmt: skip
