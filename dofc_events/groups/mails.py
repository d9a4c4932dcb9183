"""What we say to the contact of a group."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from dofc_events.conference.mails import edition_message
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import proof_of, token_of
from dofc_events.groups.models import Group, Invitation
from dofc_events.groups.queries import Person, proof_of_group, token_of_group, token_of_invitation
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import link
from dofc_events.mail.rules import deliverable
from dofc_events.notices.mails import OFFER_REMINDER
from dofc_events.notices.queries import STATUS_KINDS
from dofc_events.places.rules import ClaimStatus

# The message that lists everybody of a group.
GROUP_REGISTERED = "group-registered"

# What has become of the places of several people is told together, but for how each of them waits.
TOGETHER = (ClaimStatus.OFFERED, ClaimStatus.CONFIRMED, ClaimStatus.EXPIRED, ClaimStatus.CANCELLED)


def group_registered(
    group: Group, people: Sequence[Person], stated_consent: str, *, files: Collection[Registration] = ()
) -> Envelope:
    """Lists those who were just registered, each with their link; and that to add the `files` of these."""
    words: dict[str, Any] = {"people": _listed(group, people), "files": _files_of(files)}
    return _message("registered", GROUP_REGISTERED, group, stated_consent=stated_consent, **words)


def places_together(
    group: Group,
    people: Sequence[Person],
    *,
    until: datetime | None = None,
    reopened: str = "",
    before: ClaimStatus | None = None,
) -> Envelope:
    """What has become of the places of several people without an address of their own: the same for each.

    Of what is offered it has the link that takes all of it. With `until` it reminds of an offer, and is too late then.
    `reopened`: why organisers opened the waiting list again, if they did; `before`: what they held, if it has ended.
    """
    claim = people[0].claim
    words: dict[str, Any] = {"claim": claim, "people": _listed(group, people), "confirm": _confirm(group)}
    words["before"] = before
    kind = OFFER_REMINDER if until else STATUS_KINDS[ClaimStatus(claim.status)]
    return _message("places", kind, group, expires_at=until, reminds=until is not None, reopened=reopened, **words)


def group_link(
    *groups: Group,
    offered: Collection[int] = (),
    files: Mapping[int, Collection[Registration]] | None = None,
    by: str = "",
    names: Sequence[str] = (),
) -> Envelope:
    """The links to the pages of these groups again, who have one contact; the first is the newest.

    Those of whom people are `offered` places have the link that takes these, too; `files` are those of each group whose
    files the contact adds, with the links for that. `by` is who has just made somebody the contact, also of those with
    these `names`, who have no address of their own.
    """
    pages = [
        (
            one.organisation or one.contact_name,
            link("groups.index", token=token_of_group(one)),
            _confirm(one) if one.id in offered else "",
            _files_of((files or {}).get(one.id, ())),
        )
        for one in groups
    ]
    return _message("link", "group-link", groups[0], pages=pages, by=by, names=names)


def contact_changed(group: Group, old_email: str) -> Envelope:
    """To the old address, which may be a stranger's: says neither the new address nor the link."""
    return _message("contact_changed", "group-contact-changed", group, recipient=old_email, name="")


def delegation_promised(group: Group, *, before: tuple[int, datetime] | None = None) -> Envelope:
    """To the head: how many places are kept until when, and the link to the group's page.

    `before` is what was kept, for a head who knows of it, when the promise has been changed.
    """
    return _message("promised", "delegation-promised", group, before=before)


def delegation_ended(group: Group, used: int, unused: int, *, by_organisers: bool) -> Envelope:
    """To the head: places are no longer kept. `used` of them stay with their people, `unused` go to others."""
    words: dict[str, Any] = {"used": used, "unused": unused, "by_organisers": by_organisers}
    return _message("ended", "delegation-ended", group, **words)


def delegation_invitation(invitation: Invitation, *, again: bool = False) -> Envelope:
    """To somebody the head invites: the link to register with a promised place."""
    link_to_join = link("groups.invitations.join", token=token_of_invitation(invitation))
    to: dict[str, Any] = {"recipient": invitation.email, "name": invitation.name, "expires_at": invitation.group.until}
    return _message("invitation", "delegation-invitation", invitation.group, again=again, join=link_to_join, **to)


def _listed(group: Group, people: Sequence[Person]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.registration.full_name,
            "reference": one.registration.reference,
            "claim": one.claim,
            "seats": one.seats if group.shows(one.registration) else (),
            "has_address": one.registration.email_key is not None,
            "link": _own_page(one.registration) if group.shows(one.registration) else "",
        }
        for one in people
    ]


def _files_of(people: Iterable[Registration]) -> list[tuple[str, str]]:
    """The names of these people, each with the link that only an email contains: to add their files."""
    return [(one.full_name, link("registration.own.files.index", token=proof_of(one))) for one in people]


def _confirm(group: Group) -> str:
    return link("groups.offers.confirm", token=proof_of_group(group))


def _own_page(registration: Registration) -> str:
    return link("registration.own.own", token=token_of(registration))


def _message(
    template: str,
    kind: str,
    group: Group,
    *,
    recipient: str = "",
    name: str | None = None,
    expires_at: datetime | None = None,
    **context: Any,
) -> Envelope:
    edition = group.edition
    return edition_message(
        edition,
        f"groups/{template}",
        kind=kind,
        language=group.language,
        recipient=deliverable(recipient or group.email),
        recipient_name=group.contact_name if name is None else name,
        about=group.reference,
        expires_at=expires_at,
        group=group,
        page=link("groups.index", token=token_of_group(group)),
        message_kind=kind,
        **context,
    )
