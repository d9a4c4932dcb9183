"""Moves people of a learning trip, puts them on its waiting list or takes them off, as many as organisers picked.

It runs inside the caller's unit of work, and locks the edition's pool first. It applies to exactly the people the
organiser saw, or to nobody.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import Actor
from dofc_events.core.errors import Refusal, ask_first
from dofc_events.notices.service import Changes
from dofc_events.places import service as places
from dofc_events.places.models import Pool
from dofc_events.registration.many.service import SelectionChanged
from dofc_events.registration.service import RegistrationOver
from dofc_events.registration.trips.many.queries import People, selection_of
from dofc_events.registration.trips.many.rules import Aim, Obstacle
from dofc_events.registration.trips.service import give_by_hand, take_by_hand, wait_by_hand


@dataclass(frozen=True)
class Move:
    """What is wanted for `people` of a trip, as the page of that `digest` showed them: `aim`, on the trip `to`.

    `enlarge` adds the seats that are missing there, only for them; `fewer` takes away the seats of those who are to
    wait, so that nobody gets them. If it is `quiet`, they are not told. `accepted` is the digest of who is LeftOut.
    """

    people: People
    digest: str
    aim: Aim
    to: str = ""
    because: str = ""
    enlarge: bool = False
    fewer: bool = False
    quiet: bool = False
    accepted: str = ""


@dataclass(frozen=True)
class LeftOut:
    """For these people it cannot be done."""

    why_not: Obstacle
    names: tuple[str, ...]


class TooFewWaiting(Refusal):
    """Seats of those who are to wait would come back to them, as fewer others wait; `waiting` says how many do."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} others wait")
        self.waiting = waiting


class SeatsFree(Refusal):
    """Nobody can be made to wait for a trip with `free` seats, more than others wait for: one would be theirs again."""

    def __init__(self, free: int) -> None:
        super().__init__(f"{free} free")
        self.free = free


def move_people(session: Session, edition_id: int, slug: str, move: Move, actor: Actor, now: datetime) -> int:
    """Do what is wanted with people of the trip `slug`, and tell them; returns for how many it was done.

    The seats that they leave go to the next in line, who are told in any case. Raises SelectionChanged; NotAgreed with
    LeftOut; SeatsFree, TooFewWaiting, NothingFree, NoSuchTrip, TripOver, SeatsOverlap, and RegistrationOver.
    """
    places.lock_edition_pool(session, edition_id)
    edition = session.get_one(Edition, edition_id, populate_existing=True)
    changes = Changes(session, edition, actor, now)
    here, to = changes.book.trip(slug), changes.book.trip(move.to) if move.to else None
    selection = selection_of(session, edition, here, changes.book.pools[here.id].id, move.people, now)
    if selection.digest != move.digest:
        raise SelectionChanged
    if to is not None and edition.is_over(now):
        raise RegistrationOver
    able, unable = selection.able(move.aim, to), selection.unable(move.aim, to)
    ask_first(move.accepted, [LeftOut(why, tuple(m.name for m in movers)) for why, movers in unable.items()])
    stays = to is not None and to.id == here.id
    if move.aim is Aim.WAIT and stays:
        _refuse_return(changes.book.pools[here.id], len(able), selection.others_waiting, fewer=move.fewer)
    people = [mover.registration for mover in able]
    if move.quiet:
        changes.quiet.update(person.id for person in people)
    if to is None:
        take_by_hand(changes, people, here, move.because)
    elif move.aim is Aim.SEAT:
        give_by_hand(changes, people, to, move.because, instead_of=None if stays else here, enlarge=move.enlarge)
    else:
        wait_by_hand(changes, people, to, move.because, instead_of=None if stays else here, fewer=move.fewer)
    changes.tell()
    return len(people)


def _refuse_return(pool: Pool, number: int, others_waiting: int, *, fewer: bool) -> None:
    """Refuse to let this many people wait if a seat would come back to one of them at once."""
    free = pool.capacity - pool.taken
    # The seats taken away with `fewer` are those that they give up, so what is free now still is.
    if free > others_waiting:
        raise SeatsFree(free)
    if not fewer and free + number > others_waiting:
        raise TooFewWaiting(others_waiting)
