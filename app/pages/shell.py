"""What the frame of every page shows: who is signed in."""

from app.auth.guard import current_principal


def signed_in_user() -> dict[str, str]:
    """The signed-in user, as the sidebar names them."""
    principal = current_principal()
    return {"email": principal.email, "role": principal.role}
