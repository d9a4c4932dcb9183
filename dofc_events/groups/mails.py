"""What we say to the contact of a group."""

from collections.abc import Sequence
from typing import Any

from dofc_events.delegates.queries import token_of
from dofc_events.groups.models import Group
from dofc_events.groups.queries import Person, token_of_group
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import link, render_message
from dofc_events.mail.rules import deliverable

# The message that lists everybody of a group.
GROUP_REGISTERED = "group-registered"


def group_registered(group: Group, people: Sequence[Person], stated_consent: str) -> Envelope:
    """Lists those who were just registered, each with their link."""
    return _message("registered", GROUP_REGISTERED, group, people=_listed(people), stated_consent=stated_consent)


def group_link(group: Group) -> Envelope:
    """The link to the group's page again."""
    return _message("link", "group-link", group)


def _listed(people: Sequence[Person]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.registration.full_name,
            "reference": one.registration.reference,
            "claim": one.claim,
            "has_address": one.registration.email_key is not None,
            "link": link("registration.own.own", token=token_of(one.registration)),
        }
        for one in people
    ]


def _message(template: str, kind: str, group: Group, **context: Any) -> Envelope:
    edition = group.edition
    return render_message(
        f"groups/{template}",
        kind=kind,
        language=group.language,
        recipient=deliverable(group.email),
        recipient_name=group.contact_name,
        sender_name=edition.name,
        reply_to=edition.contact_email,
        scope=str(edition.year),
        about=group.reference,
        group=group,
        edition=edition,
        edition_name=edition.name,
        contact_name=edition.contact_name,
        contact_email=edition.contact_email,
        page=link("groups.index", token=token_of_group(group)),
        message_kind=kind,
        **context,
    )
