"""The people organisers are about to act on: how many it can be done for, and who is left out and why."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Category, Edition
from dofc_events.delegates.models import Registration, Tag
from dofc_events.delegates.rules import full_name, is_gone
from dofc_events.places.models import Claim
from dofc_events.places.queries import CategoryPlaces, categories_with_places, edition_pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.queries import Audience, members_of
from dofc_events.registration.rules import Act, Obstacle, obstacle


@dataclass(frozen=True)
class Person:
    """One of those who were chosen, with what an act would change. `category` is a slug."""

    id: int
    name: str
    status: ClaimStatus
    category: str
    has_arrived: bool


@dataclass(frozen=True)
class Selection:
    """Those who were chosen for an `act`, by name.

    `gone` counts those who were picked and are no longer on the list. What an act may need: the `capacity` of
    the edition and how many of its places are `free`, and the `limits` of categories; `tags`, with how many of those
    chosen have each of them.
    """

    act: Act
    able: tuple[Person, ...]
    unable: Mapping[Obstacle, list[Person]]
    gone: int
    capacity: int = 0
    free: int = 0
    limits: tuple[CategoryPlaces, ...] = ()
    tags: Mapping[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """How many places are missing to confirm everybody; offered places are already held for them."""
        return max(0, sum(person.status is ClaimStatus.WAITLISTED for person in self.able) - self.free)

    @property
    def missing_in(self) -> dict[CategoryPlaces, int]:
        """How many places are missing in each category whose limit has not room for all of them."""
        waiting = Counter(person.category for person in self.able if person.status is ClaimStatus.WAITLISTED)
        missing = {limit: waiting[limit.slug] - limit.free for limit in self.limits if limit.slug in waiting}
        return {limit: number for limit, number in missing.items() if number > 0}

    def not_yet_in(self, category: str) -> int:
        """How many are not in a category."""
        return sum(person.category != category for person in self.able)

    @property
    def digest(self) -> str:
        """Identifies the people whom a page showed, and what matters about them for this act.

        It begins with the newest of them: see `those_shown`. Who was handed a registration is another person.
        """
        said: list[Any] = sorted((person.id, person.name) for person in self.able)
        newest = said[-1][0] if said else 0
        if self.act is Act.CATEGORY:
            said += sorted((person.id, person.category) for person in self.able)
        elif self.act is Act.CANCEL:
            said += sorted((person.id, person.status.value, person.has_arrived) for person in self.able)
        elif self.act is Act.CONFIRM and (self.missing or self.missing_in):
            said += [self.missing, self.capacity, *((one.id, one.limit, n) for one, n in self.missing_in.items())]
        return f"{newest}-{hashlib.sha256(repr(said).encode()).hexdigest()[:32]}"


def those_shown(audience: Audience, digest: str) -> Audience:
    """Without those who came after the page with this digest was made: what it says is done for none of them."""
    newest = digest.partition("-")[0]
    if audience.references or not (newest.isascii() and newest.isdecimal() and len(newest) < 10):
        return audience
    return replace(audience, until=int(newest))


def selection_of(session: Session, edition: Edition, audience: Audience, act: Act, now: datetime) -> Selection:
    """The people of an audience for whom an act is possible, and the others; three queries at most."""
    running = {"is_over": edition.is_over(now), "gives_places": edition.gives_places(now)}
    r = Registration
    columns = r.id, r.given_name, r.family_name, r.country, r.email_key
    query = select(*columns, Claim.status, Claim.used_at.is_not(None), Category.slug)
    query = query.join(Claim, Claim.registration_id == r.id).join(Category, Category.id == r.category_id)
    query = query.where(*members_of(edition.id, audience)).order_by(r.by_name, r.id)
    able, unable = [], dict[Obstacle, list[Person]]()
    for id_, given_name, family_name, country, email_key, status, arrived, category in session.execute(query):
        person = Person(id_, full_name(given_name, family_name, country), ClaimStatus(status), category, arrived)
        why_not = obstacle(act, person.status, is_gone=is_gone(email_key), **running)
        if why_not:
            unable.setdefault(why_not, []).append(person)
        else:
            able.append(person)
    found = len(able) + sum(map(len, unable.values()))
    gone = len(set(audience.references)) - found if audience.references else 0
    pool = edition_pool(session, edition.id) if act is Act.CONFIRM else None
    room = {"capacity": pool.capacity, "free": pool.capacity - pool.taken} if pool else {}
    limits = tuple(c for c in categories_with_places(session, edition.id) if c.limit is not None) if pool else ()
    tags = tags_on(session, edition.id, audience) if act is Act.UNTAG else {}
    return Selection(act, tuple(able), unable, gone, limits=limits, tags=tags, **room)


def tags_on(session: Session, edition_id: int, audience: Audience) -> dict[str, int]:
    """The tags of an audience, each with how many have it."""
    query = select(Tag.word, func.count()).join(Registration, Registration.id == Tag.registration_id)
    query = query.join(Claim, Claim.registration_id == Registration.id).where(*members_of(edition_id, audience))
    return dict(sorted(session.execute(query.group_by(Tag.word)).all()))
