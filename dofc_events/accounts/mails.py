"""What we write to people with an account."""

from datetime import datetime

from dofc_events.accounts.rules import SIGN_IN_LINK_LASTS
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import link, render_message


def sign_in_link(email: str, name: str, secret: str, expires_at: datetime) -> Envelope:
    """The link that was asked for. It is not sent any more once it has expired."""
    return render_message(
        "accounts/sign_in",
        kind="sign-in",
        language="en",
        recipient=email,
        recipient_name=name,
        sender_name="Days of Clusters",
        expires_at=expires_at,
        url=link("accounts.sign_in_link", secret=secret),
        minutes=int(SIGN_IN_LINK_LASTS.total_seconds() // 60),
    )
