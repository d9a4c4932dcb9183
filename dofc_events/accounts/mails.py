"""Emails to people with an account."""

from datetime import datetime

from dofc_events.accounts.models import Account
from dofc_events.accounts.rules import SIGN_IN_LINK_LASTS, Awaited, RoleName
from dofc_events.conference.mails import edition_message
from dofc_events.conference.models import Edition
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import link, render_message
from dofc_events.mail.rules import SIGN_IN

INVITATION = "team-invitation"


def sign_in_link(email: str, name: str, secret: str, expires_at: datetime) -> Envelope:
    """The sign-in link. It is no longer sent once it has expired."""
    return render_message(
        "accounts/sign_in",
        kind=SIGN_IN,
        language="en",
        recipient=email,
        recipient_name=name,
        sender_name="Days of Clusters",
        expires_at=expires_at,
        url=link("accounts.sign_in_link", secret=secret),
        minutes=int(SIGN_IN_LINK_LASTS.total_seconds() // 60),
    )


def new_browser(account: Account, browser: str, at: datetime, *, awaits: Awaited | None = None) -> Envelope:
    """To the owner of an account that has just been signed in to from an unknown browser."""
    return render_message(
        "accounts/new_browser",
        kind="new-browser",
        language="en",
        recipient=account.email,
        recipient_name=account.name,
        sender_name="Days of Clusters",
        browser=browser,
        at=at,
        signed_in=awaits is None,
        url=link("organise.sessions.index"),
    )


def team_invitation(
    account: Account, edition: Edition, role: RoleName, ends_at: datetime | None, *, invited_by: str
) -> Envelope:
    """To somebody who now has a role at an edition. To sign in, they ask for a link."""
    return edition_message(
        edition,
        "accounts/team_invitation",
        kind=INVITATION,
        language="en",
        recipient=account.email,
        recipient_name=account.name,
        email=account.email,
        role=role.value,
        ends_at=ends_at,
        invited_by=invited_by,
        url=link("accounts.sign_in"),
    )
