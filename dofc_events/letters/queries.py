"""Queries about letters: the audience, the time and the progress of each."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    distinct,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased, joinedload

from dofc_events.conference.rules import EditionStatus
from dofc_events.delegates.models import Registration
from dofc_events.letters.models import Letter, LetterAttachment, LetterRecipient
from dofc_events.letters.rules import Anchor, due_at, is_reminder, last_day
from dofc_events.mail.models import Message
from dofc_events.mail.rules import WRITTEN_BY_HAND, MessageState
from dofc_events.places.models import Claim
from dofc_events.places.rules import LIVE, ClaimStatus
from dofc_events.registration.queries import Audience, Filters, members_of

FIRST_NAMES = 5
# Whoever has no address of their own gets a letter of their own, at their contact's.
READER = func.coalesce(Registration.email_key, Registration.reference)


@dataclass(frozen=True)
class Readers:
    """The people a letter would be sent to at this moment, each address once; `digest` changes with any of them.

    Left out: `repeated` whose address is among them already, and `ended` who cancelled or whose offer lapsed, unless
    they were asked for. `cancelled` of those who get it have cancelled.
    """

    keys: dict[int, str]
    repeated: int
    ended: int
    cancelled: int

    @property
    def count(self) -> int:
        return len(self.keys)

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(sorted(self.keys)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Progress:
    """A letter's messages by status; `unwritten` are recipients whose message has not been written yet."""

    states: dict[MessageState, int]
    unwritten: int

    @property
    def total(self) -> int:
        return self.written + self.unwritten

    @property
    def written(self) -> int:
        return sum(self.states.values())

    @property
    def sent(self) -> int:
        return self.states[MessageState.SENT]

    @property
    def waiting(self) -> int:
        return self.states[MessageState.QUEUED] + self.states[MessageState.SENDING]

    @property
    def to_stop(self) -> int:
        """How many of them may still leave."""
        return self.unwritten + self.waiting + self.states[MessageState.KEPT]


def stored(audience: Audience) -> dict[str, Any]:
    """An audience as the table has it."""
    filters = {name: value for name, value in asdict(audience.filters).items() if value}
    return {"filters": filters, "references": list(audience.references)}


def audience_of(letter: Letter) -> Audience:
    """The audience of a letter."""
    filters, references = Filters(**letter.audience["filters"]), tuple(letter.audience["references"])
    return Audience(filters, references, chosen_at=letter.written_at if references else None)


def is_for_all_who_take_part(audience: Audience) -> bool:
    """Whether an audience leaves out those who cancelled or lapsed: it names neither a status nor people."""
    return not audience.filters.status and not audience.references


def conditions_of(edition_id: int, audience: Audience) -> list[ColumnElement[bool]]:
    """What a registration, and its `Claim`, must be for a letter to that audience to be meant for it."""
    # Whoever has been erased has no address.
    return [*members_of(edition_id, audience), Registration.email != "", _is_meant(audience)]


def _is_meant(audience: Audience) -> ColumnElement[bool]:
    if is_for_all_who_take_part(audience):
        return Claim.status.in_(LIVE)
    if audience.chosen_at:
        return or_(Registration.ended_at.is_(None), Registration.ended_at <= audience.chosen_at)
    return true()


def readers_of(session: Session, edition_id: int, audience: Audience) -> Readers:
    """The people a letter to an audience would be sent to now."""
    query = select(Registration.id, READER, Claim.status, _is_meant(audience).label("is_meant"))
    query = query.join(Claim, Claim.registration_id == Registration.id)
    query = query.where(*members_of(edition_id, audience), Registration.email != "")
    # Of two registrations of one address it is the living one that is meant, else the later.
    rows = session.execute(query.order_by(Registration.ended_at.is_not(None), Registration.id.desc())).all()
    meant = [row for row in rows if row.is_meant]
    by_address: dict[str, int] = {}
    cancelled = 0
    for registration_id, key, status, _ in meant:
        if key not in by_address:
            by_address[key] = registration_id
            cancelled += status == ClaimStatus.CANCELLED
    keys = {registration_id: key for key, registration_id in by_address.items()}
    return Readers(keys, len(meant) - len(keys), len(rows) - len(meant), cancelled)


def reach_of(session: Session, letters: Collection[Letter]) -> dict[int, int]:
    """How many people each of these letters would be sent to now, in one query; each address counts once."""
    counts = [
        select(literal(letter.id), func.count(distinct(READER)))
        .join(Claim, Claim.registration_id == Registration.id)
        .where(*conditions_of(letter.edition_id, audience_of(letter)))
        for letter in letters
    ]
    return dict(session.execute(union_all(*counts)).all()) if counts else {}


def first_of(session: Session, registration_ids: Collection[int]) -> Sequence[Registration]:
    """The first few of these registrations, by name."""
    few = sorted(registration_ids)[:FIRST_NAMES]
    return session.scalars(select(Registration).where(Registration.id.in_(few)).order_by(Registration.id)).all()


def letter_of(session: Session, edition_id: int, letter_id: int) -> Letter | None:
    """One letter of an edition."""
    query = _letters().options(joinedload(Letter.author))
    return session.scalar(query.where(Letter.id == letter_id, Letter.edition_id == edition_id))


def letter_by_id(session: Session, letter_id: int) -> Letter | None:
    """One letter, of any edition."""
    return session.scalar(_letters().where(Letter.id == letter_id))


def letters_of(session: Session, edition_id: int, *, before_id: int | None = None, limit: int = 50) -> list[Letter]:
    """An edition's letters, the newest first; `before_id` turns the page."""
    query = _letters().where(Letter.edition_id == edition_id)
    if before_id is not None:
        query = query.where(Letter.id < before_id)
    return list(session.scalars(query.order_by(Letter.id.desc()).limit(limit)))


def letters_to_begin_from(session: Session, edition_ids: Collection[int] | None, limit: int = 30) -> list[Letter]:
    """The latest letters of these editions (None: of all) that somebody may write another one like."""
    query = _letters().where(Letter.before.is_(None))
    if edition_ids is not None:
        query = query.where(Letter.edition_id.in_(edition_ids))
    return list(session.scalars(query.order_by(Letter.id.desc()).limit(limit)))


def progress_of(session: Session, letter_ids: Collection[int]) -> dict[int, Progress]:
    """How far letters have come, in one query."""
    recipient = LetterRecipient
    query = select(recipient.letter_id, Message.state, func.count())
    query = query.join(Message, Message.id == recipient.message_id, isouter=True)
    rows = session.execute(
        query.where(recipient.letter_id.in_(letter_ids)).group_by(recipient.letter_id, Message.state)
    )
    found = {letter_id: Progress(dict.fromkeys(MessageState, 0), 0) for letter_id in letter_ids}
    for letter_id, state, count in rows:
        if state:
            found[letter_id].states[MessageState(state)] = count
        else:
            found[letter_id] = replace(found[letter_id], unwritten=count)
    return found


def some_reader(session: Session, letter: Letter, reference: str | None) -> Registration | None:
    """The delegate of this reference, if a letter that is not sent yet is meant for them; else the first."""
    query = _meant(letter).options(joinedload(Registration.edition), joinedload(Registration.category))
    named = session.scalar(query.where(Registration.reference == reference)) if reference else None
    return named or session.scalar(query.order_by(Registration.id).limit(1))


def neighbours(session: Session, letter: Letter, person: Registration) -> tuple[str | None, str | None]:
    """The references before and after a person among those a letter is meant for."""
    query = _meant(letter).with_only_columns(Registration.reference)
    before = query.where(Registration.id < person.id).order_by(Registration.id.desc()).limit(1)
    after = query.where(Registration.id > person.id).order_by(Registration.id).limit(1)
    return session.scalar(before), session.scalar(after)


def due_time(letter: Letter) -> datetime | None:
    """When a letter that has a time is sent; None at once, and while the edition does not have the date it follows."""
    edition = letter.edition
    days = {
        Anchor.BEGINS: edition.starts_on,
        Anchor.ENDS: edition.ends_on,
        Anchor.CLOSES: last_day(edition.registration_closes_at, edition.zone),
        Anchor.ON_DAY: letter.sent_on,
    }
    anchor = Anchor(letter.anchor)
    return due_at(days[anchor], letter.anchor_days, letter.hour, edition.zone) if anchor in days else None


def good_until(letter: Letter) -> datetime | None:
    """After which moment a letter must no longer be sent.

    A reminder is of use until what it reminds of; what is sent before the edition is over, until it is over.
    """
    edition, over_at = letter.edition, letter.edition.finishes_at()
    if is_reminder(Anchor(letter.anchor), letter.anchor_days):
        return edition.begins_at() if letter.anchor == Anchor.BEGINS else edition.registration_closes_at
    return over_at if over_at and letter.started_at and letter.started_at < over_at else None


def came_too_late(letter: Letter, now: datetime) -> bool:
    """Whether a reminder must no longer be sent: what it reminds of has passed, or the edition is archived."""
    until = good_until(letter)
    return is_reminder(Anchor(letter.anchor), letter.anchor_days) and (
        letter.edition.status == EditionStatus.ARCHIVED or (until is not None and until <= now)
    )


def letters_due(session: Session, now: datetime) -> list[int]:
    """Letters that are due."""
    letters = session.scalars(_not_begun()).all()
    return [letter.id for letter in letters if (due := due_time(letter)) is not None and due <= now]


def letters_going(session: Session) -> Sequence[int]:
    """Letters whose messages are not all written yet."""
    going = (Letter.started_at.is_not(None), Letter.finished_at.is_(None), Letter.stopped_at.is_(None))
    return session.scalars(select(Letter.id).where(*going).order_by(Letter.id)).all()


def unwritten(session: Session, letter_id: int, limit: int) -> Sequence[int]:
    """Registrations whose message of a letter is still to be written."""
    query = select(LetterRecipient.registration_id)
    query = query.where(LetterRecipient.letter_id == letter_id, LetterRecipient.message_id.is_(None))
    return session.scalars(query.order_by(LetterRecipient.registration_id).limit(limit)).all()


def taken_back(session: Session, now: datetime, *which: ColumnElement[bool]) -> list[tuple[int, int]]:
    """Letter and registration where the message was withdrawn before it left, and is of use again.

    It is at a corrected address, and to whoever cancelled and was reinstated. Left out is an address to which the
    letter goes in any case. `which` narrows it to some recipients.
    """
    rows = session.execute(_in_withdrawn_messages().where(*which), {"now": now})
    return [(letter.id, id_) for letter, id_ in rows if (until := good_until(letter)) is None or now < until]


@cache
def _not_begun() -> Select[Letter]:
    waiting = (Letter.released_at.is_not(None), Letter.started_at.is_(None), Letter.stopped_at.is_(None))
    return _letters().where(*waiting).order_by(Letter.id)


@cache
def _in_withdrawn_messages() -> Select[Letter, int]:
    recipient, other = LetterRecipient, aliased(LetterRecipient)
    query = select(Letter, recipient.registration_id).join(recipient, recipient.letter_id == Letter.id)
    query = query.join(Message, Message.id == recipient.message_id)
    query = query.join(Registration, Registration.id == recipient.registration_id).options(joinedload(Letter.edition))
    # Whose contact has another address by now: its key may be no other than the address in small letters.
    of_contact = and_(Registration.email_key.is_(None), Message.recipient_key != func.lower(Registration.email))
    gone = aliased(Message)
    is_gone = exists().where(gone.id == other.message_id, gone.state == MessageState.WITHDRAWN)
    same = exists().where(other.letter_id == recipient.letter_id, other.email_key == Registration.email_key, ~is_gone)
    query = query.where(
        Message.state == MessageState.WITHDRAWN,
        # What an organiser settled has not expired, and was not taken back.
        or_(Message.recipient_key != Registration.email_key, of_contact, Message.expires_at <= bindparam("now")),
        Registration.ended_at.is_(None),
        Registration.email != "",
        Letter.stopped_at.is_(None),
        ~same,
    )
    return query.order_by(Letter.id, recipient.registration_id)


def attached_to_letters(session: Session) -> set[str]:
    """The hashes of all files that are attached to letters, and so to their messages."""
    return set(session.scalars(select(LetterAttachment.content_hash)))


def letter_attachment(session: Session, letter_id: int, attachment_id: int) -> LetterAttachment | None:
    """One file of this letter, and of no other."""
    query = select(LetterAttachment).where(LetterAttachment.id == attachment_id)
    return session.scalar(query.where(LetterAttachment.letter_id == letter_id))


def letter_about_change(session: Session, edition_id: int) -> Letter | None:
    """The letter about a changed place or time that nobody has decided about yet."""
    undecided = (Letter.released_at.is_(None), Letter.stopped_at.is_(None), Letter.before.is_not(None))
    return session.scalar(_letters().where(Letter.edition_id == edition_id, *undecided))


def _letters() -> Select[Letter]:
    return select(Letter).options(joinedload(Letter.edition))


def _meant(letter: Letter) -> Select[Registration]:
    query = select(Registration).join(Claim, Claim.registration_id == Registration.id)
    return query.where(*conditions_of(letter.edition_id, audience_of(letter)))


def letter_faults(session: Session) -> list[str]:
    """What is wrong with letters, one sentence each; empty if nothing is."""
    recipient = LetterRecipient
    foreign = (
        select(recipient.letter_id, Registration.reference)
        .join(Message, Message.id == recipient.message_id)
        .join(Registration, Registration.id == recipient.registration_id)
        .where(Message.about != Registration.reference)
    )
    faults = [f"letter {id_}: the message to {about} is about somebody else" for id_, about in session.execute(foreign)]
    left = select(recipient.letter_id).where(recipient.message_id.is_(None))
    done = select(Letter.id).where(Letter.finished_at.is_not(None), Letter.id.in_(left))
    faults += [f"letter {id_}: finished, but not written to everybody" for id_ in session.scalars(done)]
    going = Letter.started_at.is_not(None), Letter.finished_at.is_(None), Letter.stopped_at.is_(None)
    stuck = select(Letter.id).where(*going, Letter.id.not_in(left))
    faults += [f"letter {id_}: written to everybody, but not finished" for id_ in session.scalars(stuck)]
    early = select(Letter.id).where(Letter.started_at.is_(None), Letter.id.in_(select(recipient.letter_id)))
    faults += [f"letter {id_}: has recipients, but was never started" for id_ in session.scalars(early)]
    known = select(recipient.message_id).where(recipient.message_id.is_not(None))
    # What was taken back from an old address has been written anew.
    ours = select(Message.id).where(Message.about != "", Message.state != MessageState.WITHDRAWN)
    ours = ours.where(Message.kind.in_(WRITTEN_BY_HAND), Message.id.not_in(known))
    faults += [f"message {id_}: belongs to no letter" for id_ in session.scalars(ours)]
    return faults
