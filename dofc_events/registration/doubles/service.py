"""Two registrations of one person become one: the details of either, one place, and what fits of both on trips."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import Actor
from dofc_events.core.db import insert_row
from dofc_events.core.errors import Refusal
from dofc_events.delegates.doubles.service import pair_to_settle
from dofc_events.delegates.models import LikelyDouble, Registration
from dofc_events.delegates.service import Details, details_of
from dofc_events.notices.news.service import News
from dofc_events.notices.queries import standing_of
from dofc_events.notices.service import Changes, log, terms_of
from dofc_events.places import service as places
from dofc_events.places.models import Claim
from dofc_events.places.rules import LIVE, TAKEN, ClaimStatus
from dofc_events.questions.queries import answers_of
from dofc_events.questions.rules import Answers
from dofc_events.registration.answers.service import give_back, moved_up
from dofc_events.registration.arrivals.service import pass_arrivals
from dofc_events.registration.notes.service import tag, write_note
from dofc_events.registration.service import RegistrationOver, readdress, rewrite_details
from dofc_events.trips.rules import Reason
from dofc_events.trips.sign_ups.service import SeatBook


@dataclass(frozen=True)
class Merging:
    """What becomes of a pair: which of the two stays, with these details and this address.

    `answers` are those of the other that the one that stays takes over, and `note` is its note from now on; the tags of
    both stay. `seats`: what the other has of trips goes to the one that stays, where it fits. `because` is what the
    other is told, unless it is `quiet`. `digest` stands for what the page had said of the two.
    """

    keeps_first: bool
    details: Details
    email: str
    because: str
    digest: str
    answers: Answers
    note: str
    seats: bool = True
    quiet: bool = False


class PairChanged(Refusal):
    """The two are no longer as the page had shown them."""


class ArrivedWithOther(Refusal):
    """The one to be cancelled has arrived, and the one that stays has no confirmed place."""


def digest_of(session: Session, pair: LikelyDouble) -> str:
    """Represents what a page says of a pair: details, addresses, answers, notes, places, arrivals and seats."""
    said = []
    for one in (pair.first, pair.second):
        standing = standing_of(session, one.id)
        seats = [(seat.trip.slug, seat.status) for seat in standing.trips if seat.is_live]
        answers = sorted(answers_of(standing.answers).items())
        place = standing.status.value, standing.claim.used_at
        said.append((details_of(one), one.email, answers, one.note, place, seats))
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


def merge(session: Session, edition_id: int, pair_id: int, wanted: Merging, actor: Actor, now: datetime) -> None:
    """Make one registration of two: one stays, with its place; the other is cancelled, and what it held is passed on.

    Only what changed of the one that stays is told. Raises NoSuchPair, PairChanged, ArrivedWithOther, RegistrationOver,
    NoSuchCategory, CategoryFull and ChoiceFull.
    """
    pool = places.lock_edition_pool(session, edition_id)
    edition = session.get_one(Edition, edition_id, populate_existing=True)
    pair = pair_to_settle(session, edition_id, pair_id)
    if edition.is_over(now):
        raise RegistrationOver
    if digest_of(session, pair) != wanted.digest:
        raise PairChanged
    kept, other = (pair.first, pair.second) if wanted.keeps_first else (pair.second, pair.first)
    changes = Changes(session, edition, actor, now, quiet=[other.id] if wanted.quiet else ())
    stays, place = standing_of(session, kept.id), standing_of(session, other.id)
    has_place = stays.status is ClaimStatus.CONFIRMED
    if has_place:
        pass_arrivals(session, place.claim, stays.claim)
    elif place.claim.used_at:
        raise ArrivedWithOther
    if wanted.seats:
        _take_over_trips(session, changes.book, kept, other, now, has_place=has_place)
    changes.cancelled(other, place.status, wanted.because, other=kept.reference)
    next_in_line = places.cancel_claim(session, pool, place.claim, terms_of(edition, now), now)
    moved_up(session, changes, give_back(session, edition, [other], now))
    changes.book.leave(other.id)
    changes.moved_up(next_in_line)
    log(session, actor, now, "merged", kept, other=other.reference)
    changes.tell()
    write_note(session, kept.id, wanted.note, actor, now)
    for word in sorted({known.word for known in other.tags}):
        tag(session, [kept], word, actor, now)
    _fields, told, rewritten = rewrite_details(session, pool, kept, wanted.details, wanted.answers, actor, now)
    if told:
        rewritten.news.setdefault(kept.id, News()).details = told
        rewritten.tell()
    if wanted.email != kept.email:
        readdress(session, kept, wanted.email, actor, now)


def _take_over_trips(
    session: Session, book: SeatBook, kept: Registration, other: Registration, now: datetime, *, has_place: bool
) -> None:
    """Pass on what the other has of each trip, unless it clashes with what the one that stays has, or has as well.

    Seats come first. Without a place the one that stays can only wish for a trip.
    """
    mine = book.claims_of(kept.id)
    for trip_id, theirs in sorted(book.claims_of(other.id).items(), key=_seats_first):
        trip, own, held = book.trips[trip_id], mine.get(trip_id), theirs.status
        # Nobody waits beside a seat at the same time; but for several such seats people may wait.
        clashing = LIVE if held in TAKEN else TAKEN
        elsewhere = [book.trips[t] for t, claim in mine.items() if t != trip_id and claim.status in clashing]
        if not trip.can_be_joined(now) or any(trip.overlaps(one) for one in elsewhere):
            continue
        if held not in (LIVE if has_place else (ClaimStatus.REQUESTED,)) or (own and not _is_better(theirs, own)):
            continue
        before = own.status if own else ""
        claim = own or Claim(pool_id=theirs.pool_id, registration_id=kept.id)
        places.pass_claim(session, theirs, claim, now)
        claim.preference = claim.preference or len(mine) + 1
        if own is None:
            insert_row(session, claim)
            mine[trip_id] = claim
        book.note(theirs, trip_id, held, Reason.BY_HAND)
        book.note(claim, trip_id, before, Reason.BY_HAND)
    if has_place:
        book.settle(kept.id)


def _seats_first(held: tuple[int, Claim]) -> tuple[bool, int]:
    _trip_id, claim = held
    return claim.status not in TAKEN, claim.preference or 0


def _is_better(theirs: Claim, own: Claim) -> bool:
    """Whether a live claim is better than another: a seat than a wait, an earlier position than a later one."""
    if own.status not in LIVE:
        return True
    # What is taken has no position.
    earlier = (theirs.position or 0) < (own.position or 0)
    return theirs.status != ClaimStatus.REQUESTED and earlier
