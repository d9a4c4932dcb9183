"""Reads about photographs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from dofc_events.accounts.models import Account
from dofc_events.accounts.queries import chairs, roles_at
from dofc_events.accounts.rules import RoleName, includes_chair
from dofc_events.delegates.models import Registration
from dofc_events.delegates.rules import GONE_KEY
from dofc_events.memory.photographs.models import Objection, Photograph, Rendition
from dofc_events.memory.photographs.rules import PhotographState

# A child that prepares one ends before; whoever had it in hand longer than this has died.
IN_HAND = timedelta(minutes=3)
# Organisers get one email for all that is asked within this time.
TOLD_EVERY = timedelta(minutes=30)

_IN_ORDER = (Photograph.position, Photograph.id)


def photographs_of(session: Session, edition_id: int) -> list[Photograph]:
    """All of an edition in the order of its gallery, refused ones too, with their sizes."""
    ours = select(Photograph).where(Photograph.edition_id == edition_id)
    whole = ours.options(selectinload(Photograph.renditions), selectinload(Photograph.objections))
    return list(session.scalars(whole.order_by(*_IN_ORDER)))


def photograph_of(session: Session, edition_id: int, photograph_id: int) -> Photograph | None:
    """One that is ready, if it is this edition's."""
    return session.scalar(
        select(Photograph).where(
            Photograph.id == photograph_id,
            Photograph.edition_id == edition_id,
            Photograph.state == PhotographState.READY,
        )
    )


def published_photograph(session: Session, edition_id: int, photograph_id: int) -> Photograph | None:
    """One of an edition's that anybody may see, or could until a visitor had it hidden."""
    found = photograph_of(session, edition_id, photograph_id)
    return found if found and found.published_at else None


def public_photographs(session: Session, edition_id: int) -> list[Photograph]:
    """Those that anybody may see, in the order of the gallery, with their sizes."""
    ours = select(Photograph).where(Photograph.edition_id == edition_id, *_IS_PUBLIC)
    return list(session.scalars(ours.options(selectinload(Photograph.renditions)).order_by(*_IN_ORDER)))


_IS_PUBLIC = (Photograph.published_at.is_not(None), Photograph.hidden_at.is_(None))


@dataclass(frozen=True)
class Shown:
    """What an edition's page shows: its cover, if it has one, and some photographs of those that there are `in_all`."""

    cover: Photograph | None
    some: Sequence[Photograph]
    in_all: int


def shown_photographs(session: Session, edition_id: int, most: int) -> Shown:
    """The first of those that anybody may see, in the order of the gallery, and the cover among them."""
    ours = select(Photograph, func.count().over()).where(Photograph.edition_id == edition_id, *_IS_PUBLIC)
    ours = ours.options(selectinload(Photograph.renditions)).order_by(Photograph.is_cover.desc(), *_IN_ORDER)
    rows = session.execute(ours.limit(most)).all()
    if not rows:
        return Shown(None, (), 0)
    cover, in_all = rows[0]
    some = sorted((one for one, _in_all in rows), key=lambda one: (one.position, one.id))
    return Shown(cover if cover.is_cover else None, some, in_all)


def covers_of(session: Session, edition_ids: Iterable[int]) -> dict[int, Photograph]:
    """The cover of each of these editions that has one which anybody may see."""
    chosen = select(Photograph).where(
        Photograph.edition_id.in_(list(edition_ids)), Photograph.is_cover.is_(True), *_IS_PUBLIC
    )
    return {one.edition_id: one for one in session.scalars(chosen.options(selectinload(Photograph.renditions)))}


def served_rendition(session: Session, content_hash: str, form: str) -> Rendition | None:
    """What is served to anybody under this hash; None unless a photograph that is public has it."""
    return session.scalar(
        select(Rendition)
        .join(Photograph, Photograph.id == Rendition.photograph_id)
        .where(Rendition.content_hash == content_hash, Rendition.format == form, *_IS_PUBLIC)
        .limit(1)
    )


def rendition_of(session: Session, edition_id: int, content_hash: str, form: str) -> Rendition | None:
    """What organisers of an edition may see under this hash, public or not."""
    return session.scalar(
        select(Rendition)
        .join(Photograph, Photograph.id == Rendition.photograph_id)
        .where(Rendition.content_hash == content_hash, Rendition.format == form, Photograph.edition_id == edition_id)
        .limit(1)
    )


def photograph_hashes(session: Session) -> set[str]:
    """The hashes of all files that photographs have: as they were sent while they wait, and as they are served."""
    waiting = select(Photograph.source_hash).where(Photograph.state == PhotographState.WAITING)
    sent = {content_hash for content_hash in session.scalars(waiting) if content_hash}
    return sent | set(session.scalars(select(Rendition.content_hash)))


def photograph_bytes(session: Session) -> int:
    """What the files of all photographs take."""
    waiting = select(func.coalesce(func.sum(Photograph.size), 0)).where(Photograph.state == PhotographState.WAITING)
    served = select(func.coalesce(func.sum(Rendition.size), 0))
    return (session.scalar(waiting) or 0) + (session.scalar(served) or 0)


def count_of(session: Session, edition_id: int) -> int:
    """How many an edition has, published or not; those that were refused do not count."""
    kept = Photograph.state != PhotographState.REFUSED
    return session.scalar(select(func.count()).where(Photograph.edition_id == edition_id, kept)) or 0


def progress_of(session: Session, edition_id: int) -> dict[str, int]:
    """How many photographs of an edition are in each state."""
    counted = select(Photograph.state, func.count()).where(Photograph.edition_id == edition_id)
    found = {str(state): number for state, number in session.execute(counted.group_by(Photograph.state))}
    return {str(state): found.get(str(state), 0) for state in PhotographState}


def next_to_prepare(session: Session, now: datetime) -> int | None:
    """The photograph that has waited longest, unless a worker has it in hand."""
    is_free = or_(Photograph.taken_at.is_(None), Photograph.taken_at < now - IN_HAND)
    waiting = select(Photograph.id).where(Photograph.state == PhotographState.WAITING, is_free)
    return session.scalar(waiting.order_by(Photograph.id).limit(1))


def may_not_be_shown(session: Session, edition_id: int) -> Sequence[Registration]:
    """The delegates of an edition who did not agree to be photographed, or no longer do, by name."""
    said_no = (Registration.photo_consent.is_(False), Registration.ended_at.is_(None))
    # Whose name has been removed can be recognised by nobody.
    named = Registration.email_key.not_like(f"{GONE_KEY}%")
    ours = select(Registration).where(Registration.edition_id == edition_id, *said_no, named)
    return session.scalars(ours.order_by(Registration.by_name, Registration.id)).all()


def hidden_lately(session: Session, edition_id: int, since: datetime) -> int:
    """How many photographs of an edition visitors have hidden since then."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Objection)
            .join(Photograph)
            .where(Photograph.edition_id == edition_id, Objection.hides.is_(True), Objection.asked_at > since)
        )
        or 0
    )


def editions_to_tell(session: Session, now: datetime) -> list[int]:
    """The editions whose organisers are to be told of objections: not more often than TOLD_EVERY."""
    joined = select(Photograph.edition_id).join(Objection)
    told = joined.where(Objection.told_at > now - TOLD_EVERY)
    untold = joined.where(Objection.told_at.is_(None), Objection.settled_at.is_(None))
    return sorted(set(session.scalars(untold)) - set(session.scalars(told)))


def objections_to_tell(session: Session, edition_id: int) -> list[Objection]:
    """What nobody has told the organisers of an edition, with the photographs."""
    untold = select(Objection).join(Photograph).where(Photograph.edition_id == edition_id)
    untold = untold.where(Objection.told_at.is_(None), Objection.settled_at.is_(None))
    return list(session.scalars(untold.options(selectinload(Objection.photograph)).order_by(Objection.id)))


def undecided_objections() -> Select[int]:
    """The edition of each photograph that somebody wants taken down, as often as it is asked and not decided."""
    return select(Photograph.edition_id).join(Objection).where(Objection.settled_at.is_(None))


def recipients_of(session: Session, edition_id: int, now: datetime) -> list[Account]:
    """Whoever organises an edition now; of one that nobody does, the chairs of the network."""
    organisers = [role for role in roles_at(session, edition_id) if role.role == RoleName.ORGANISER]
    accounts = [role.account for role in organisers if not role.has_ended(now)]
    return accounts or [account for account in chairs(session) if includes_chair(account.grants(now))]


def photograph_faults(session: Session) -> list[str]:
    """One sentence for each photograph that contradicts itself."""
    found = []
    rows = session.scalars(select(Photograph).options(selectinload(Photograph.renditions)))
    for one in rows:
        if one.published_at and [what for what in one.missing if what != "decision"]:
            found.append(f"photograph {one.id}: it is published without {', '.join(one.missing)}")
        if (one.state == PhotographState.READY) != bool(one.renditions):
            found.append(f"photograph {one.id}: it is {one.state} and has {len(one.renditions)} sizes")
    return found
