"""Links to a delegate's own page: signed, so that they can be mailed again, and ended by a new version."""

from dofc_events.core.references import read_token, sign
from dofc_events.delegates.models import Registration
from dofc_events.extensions import settings

PURPOSE = "registration"


def token_of(registration: Registration) -> str:
    """The token of the link that is valid now."""
    return sign(settings().secret_key, PURPOSE, registration.reference, registration.link_version)


def read_link(token: str) -> tuple[str, int] | None:
    """The reference and version that a token was made for, or None if it was not made here."""
    return read_token(settings().secret_key, PURPOSE, token)
