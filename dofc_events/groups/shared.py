"""What the pages of groups have in common: whose they are, and what stands on them."""

from collections.abc import Sequence
from typing import Any

from flask import flash, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import object_session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import Window
from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from dofc_events.extensions import settings
from dofc_events.groups.delegations.queries import groups_at, invitations_of
from dofc_events.groups.delegations.rules import REMIND_AFTER
from dofc_events.groups.models import Group
from dofc_events.groups.queries import (
    LookedAfter,
    Person,
    companions_of,
    group_by_token,
    looked_after,
    people_of,
    to_confirm,
)
from dofc_events.places.models import Pool
from dofc_events.places.queries import categories_with_places, edition_with_pool
from dofc_events.registration.rules import link_has_ended
from dofc_events.registration.shared import trips_with_companions
from dofc_events.trips.queries import TripStanding
from dofc_events.web.errors import LinkNotValid
from dofc_events.web.forms import ButtonForm


def mine(token: str) -> Group:
    """The group that a link leads to."""
    group = group_by_token(db.session(), token)
    if group is None or link_has_ended(group.edition.finishes_at(), now()):
        raise LinkNotValid
    return group


def my_delegation(token: str) -> Group:
    """The delegation that a link leads to."""
    group = mine(token)
    if not group.is_delegation:
        raise LinkNotValid
    return group


def with_pool(edition: Edition) -> tuple[Edition, Pool]:
    """An edition at which there is a group, and its pool."""
    found = edition_with_pool(db.session(), edition.year)
    assert found is not None, "somebody is registered there"
    return found


def acting_for(group: Group) -> Actor:
    """Whoever has the link of a group."""
    return Actor("contact", group.reference)


def say_sent(done: str, sent: str) -> None:
    """On the next page: what was done and, where emails leave, that one does."""
    if sent and not settings().mail_is_delivered:
        sent = _("No email has been sent, as no mail server is set up. The organisers can see the link.")
    flash(f"{done} {sent}".strip(), "success")


def links_sent(group: Group, people: Sequence[Person]) -> str:
    """To whom the links of these people are emailed: the head of a delegation gets none of who has an address."""
    shown = [group.shows(one.registration) for one in people]
    words = ngettext(
        "We will email the link to their own address, and a confirmation to %(email)s.",
        "We will email each of them their own link, and a confirmation to %(email)s.",
        len(people),
        email=group.email,
    )
    if all(shown):
        words = _("We will email the links to %(email)s.", email=group.email)
    elif any(shown):
        words = _(
            "We will email those with an address of their own their links, and the other links to %(email)s.",
            email=group.email,
        )
    return str(words)


def context_of(group: Group, token: str) -> dict[str, Any]:
    """What the pages of a group show."""
    edition, at = group.edition, now()
    people = people_of(db.session(), group.id)
    invitations = invitations_of(db.session(), group.id) if group.is_delegation else ()
    open_ones = [one for one in invitations if one.registration_id is None]
    return {
        "group": group,
        "edition": edition,
        "token": token,
        "people": people,
        "held": sum(one.claim.by_email for one in to_confirm(people)),
        "tokens": {one.registration.id: token_of(one.registration) for one in people if group.shows(one.registration)},
        "is_open": edition.window(at) is Window.OPEN,
        "invited": open_ones,
        "can_be_reminded": {one.id for one in open_ones if (one.reminded_at or one.invited_at) + REMIND_AFTER <= at},
        "row": groups_at(db.session(), edition.id, only=group.id)[0],
        "button_form": ButtonForm(formdata=None),
    }


def context_of_companions(
    edition: Edition, delegate_id: int | None, group: Group | None, trips: Sequence[TripStanding]
) -> dict[str, Any]:
    """Who comes along already with a delegate, how many more may, in which category and on which trips."""
    brought = companions_of(db.session(), edition, db.session().get_one(Registration, delegate_id))
    theirs = [one for one, group_id in brought if group and group_id == group.id]
    known = categories_with_places(db.session(), edition.id)
    return {
        "brought": [(one, token_of(one) if group and group.shows(one) else "") for one in theirs],
        "most": max(0, edition.companions - len(brought)),
        "categories": tuple(one for one in known if one.slug == edition.companion_category),
        "trips": trips_with_companions(trips),
    }


def answer_late(group: Group, token: str) -> ResponseReturnValue:
    """The group's page as it is now, for what can no longer be done."""
    return make_response(render_template("groups/index.html", too_late=True, **context_of(group, token)), 403)


def people_looked_after(registration: Registration) -> LookedAfter | None:
    """The people a delegate looks after, for pages and emails; writes nothing.

    Reads where the registration was read: emails are written in the middle of a unit of work.
    """
    # What a page shows again after a refusal no longer belongs to a session.
    session = object_session(registration) or db.session()
    with session.no_autoflush:
        return looked_after(session, registration)
