"""Several people who are registered with one contact."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from dofc_events.core.audit import COMMAND
from dofc_events.core.errors import NotAgreed
from dofc_events.core.references import new_secret
from dofc_events.delegates.models import Registration
from dofc_events.groups.delegations.service import Promised, promise_places
from dofc_events.groups.invitations.service import invite
from dofc_events.groups.models import Group, Invitation
from dofc_events.groups.rules import key_of_person
from dofc_events.groups.service import Contact, GroupRequest, Joined, register_people
from dofc_events.places.models import Claim, Pool
from tests.support.factories import DELEGATE, NOW, make_registration_request

CONTACT = Contact("Vera Ilić", "office@cluster.test", "en", "Trakya Cluster")


def someone(name: str, email: str = "", **changes: Any):
    """One of the people on a form, with an address or without."""
    changes = {"given_name": name, "family_name": "Kovač"} | changes
    return make_registration_request(email=email or CONTACT.email, has_address=bool(email), **changes)


def make_group(
    session, edition, people: Sequence[Any], *, choice: str = "", now=NOW, contact=CONTACT, key: str = "", **to: Any
) -> Joined:
    """Register these people, agreeing to what is asked if there is a choice."""
    key = key or new_secret()
    keyed = [_with_key(one, key_of_person(key, number)) for number, one in enumerate(people)]
    request = GroupRequest(contact, tuple(keyed), choice)
    try:
        with session.begin_nested():
            return register_people(session, edition.id, request, DELEGATE, now, **to)
    except NotAgreed as asked:
        if not choice:
            raise
        agreed = GroupRequest(contact, tuple(keyed), choice, asked.digest)
        return register_people(session, edition.id, agreed, DELEGATE, now, **to)


def _with_key(request, key: str):
    return type(request)(**{**vars(request), "form_key": key})


def make_promise(session, edition, organisation: str = "Dom", *, places: int = 3, days: float = 30, now=NOW) -> Group:
    """Places that organisers keep for an organisation."""
    promised = Promised(organisation, "Head of it", "head@cluster.test", places, now + timedelta(days=days))
    return promise_places(session, edition.id, promised, COMMAND, now)


def make_delegation(session, edition, organisation: str = "Dom", **promised: Any) -> tuple[Group, Invitation]:
    """A delegation whose head has invited somebody."""
    group = make_promise(session, edition, organisation, **promised)
    [invitation] = invite(session, group.id, [("Guest of theirs", "guest@own.test")], COMMAND, promised.get("now", NOW))
    return group, invitation


def stand(session, edition) -> dict[str, tuple[str, int | None]]:
    """The status and position of everybody, by given name, in the order in which they came."""
    query = select(Registration.given_name, Claim.status, Claim.position).join(Claim)
    query = query.join(Pool).where(Pool.edition_id == edition.id).order_by(Registration.id)
    return {name: (str(status), position) for name, status, position in session.execute(query)}
