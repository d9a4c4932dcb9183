"""Erasing: what named a person goes, wherever it is; what counts, stays. Each runs in the caller's unit of work.

`forget_…` take the names off, as the clock does too; `erase_…` do it for one person who asked, and first give up what
that person still holds through the ordinary act, with its notices.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, union, update
from sqlalchemy.orm import Session, aliased

from dofc_events.conference.models import Category, Edition, InvitedAddress
from dofc_events.core.audit import Actor, AuditEntry, record
from dofc_events.core.errors import Refusal
from dofc_events.core.order import sort_key
from dofc_events.core.references import new_reference, new_secret
from dofc_events.delegates.models import BY_LENGTH, Registration
from dofc_events.delegates.rules import GONE_KEY
from dofc_events.groups.models import Group, Invitation
from dofc_events.letters.models import Letter, LetterRecipient
from dofc_events.mail import outbox
from dofc_events.mail.models import Message
from dofc_events.mail.rules import ABOUT_DATA, DONE_WITH, MessageState, address_key
from dofc_events.memory.figures.service import keep_before_erasing
from dofc_events.memory.photographs.models import Objection, Photograph
from dofc_events.places.service import lock_edition_pool
from dofc_events.privacy.erasing.queries import Traces, others_reached_by, quoting, traces_of
from dofc_events.privacy.erasing.rules import exchanged, names_one_of, search_without, without, without_names
from dofc_events.privacy.kept.queries import about, blanks, says_something, table_of
from dofc_events.privacy.kept.rules import Ends, Kept, Whose, rows_of
from dofc_events.privacy.models import Erasure
from dofc_events.privacy.queries import erasure_hash
from dofc_events.privacy.rules import GONE
from dofc_events.registration.saved.models import SavedView
from dofc_events.registration.service import cancel_registration, locked
from dofc_events.trips.models import Draw

# Of organisers as of delegates; what is asked about a person must name nobody either.
DELEGATE = Actor("delegate")
TEXTLESS: dict[str, Any] = {"text": "", "html": "", "attachments": []}


class StillContact(Refusal):
    """Others who take part are reached at this person's address alone: they need another contact first."""


def erase_registration(
    session: Session, registration_id: int, actor: Actor, now: datetime, *, because: str = ""
) -> list[str]:
    """Erase everything that names the person of a registration; a live place is given up and passed on first.

    Raises StillContact.
    Returns what to look for in files once that is committed (see `vanish.vanish`); nothing if it was erased already.
    """
    registration, _ = locked(session, registration_id)
    if registration.is_gone:
        return []
    edition, reference = registration.edition, registration.reference
    refuse_contact(session, registration, now)
    if registration.ended_at is None and not edition.is_over(now):
        cancel_registration(session, registration_id, actor, now)
        session.flush()
    traces, key = traces_of(session, registration), registration.email_key
    _drop_searches(session, edition, traces.all)
    if key is not None:
        _drop_address(session, edition, traces, now)
        drop_links(session, key, now)
    _drop_quotations(session, edition, traces, now)
    (new,) = forget_delegates(session, edition.id, [registration_id], now)
    _leave_others_trail(session, str(edition.year), reference, new)
    note_erased(session, "registration", reference, now)
    said = {"because": because} if because else {}
    record(session, actor, now, "person_erased", scope=str(edition.year), about=new, **said)
    return traces.all


def erase_contact(session: Session, group_id: int, actor: Actor, now: datetime, *, because: str = "") -> list[str]:
    """Erase the contact of a group, who need not be a delegate. Raises StillContact.

    Returns what to look for in files once that is committed; nothing if it was erased already.
    """
    edition_id = session.get_one(Group, group_id).edition_id
    lock_edition_pool(session, edition_id)
    group = session.get_one(Group, group_id, populate_existing=True)
    if not group.email:
        return []
    refuse_contact(session, group, now)
    values, reference, edition, key = [group.email, group.contact_name], group.reference, group.edition, group.email_key
    traces = Traces((group.email, key), (group.contact_name,), ())
    _drop_address(session, edition, traces, now)
    drop_links(session, key, now)
    _drop_quotations(session, edition, traces, now)
    said = {"because": because} if because else {}
    record(session, actor, now, "person_erased", scope=str(edition.year), about=reference, **said)
    session.flush()
    session.expire_all()
    return values


def refuse_contact(session: Session, one: Registration | Group, now: datetime) -> None:
    """Raises StillContact if others who take part in an edition that is not over are reached at this address alone."""
    is_their_own = one.email_key is not None and not one.edition.is_over(now)
    if is_their_own and others_reached_by(session, one.edition_id, one.email):
        raise StillContact


def drop_links(session: Session, email_key: str, now: datetime) -> None:
    """The emails with a link to all that is kept about an address: they are about no registration."""
    mine = [Message.recipient_key == email_key, Message.kind.in_(ABOUT_DATA), Message.about == ""]
    outbox.withdraw_all(session, mine, now)
    nobody = {"recipient": GONE, "recipient_key": "", "mailbox_key": "", **TEXTLESS, "text_removed_at": now}
    session.execute(update(Message).where(*mine).values(nobody).execution_options(synchronize_session=False))


def note_erased(session: Session, kind: str, subject: str, now: datetime) -> None:
    """Remember, as a hash, who is to be erased again should an old backup be restored."""
    session.merge(Erasure(hash=erasure_hash(kind, subject), erased_at=now))


def forget_delegates(session: Session, edition_id: int, ids: Collection[int], now: datetime) -> list[str]:
    """Take off registrations of one edition all that names their people; returns their new references.

    Rows that numbers count stay: registrations, places, seats, arrivals, answers that were picked, and which emails
    there were. Whose are gone already are passed over.
    """
    lock_edition_pool(session, edition_id)
    query = select(Registration).where(Registration.id.in_(ids), Registration.edition_id == edition_id)
    people = [one for one in session.scalars(query.order_by(Registration.id)) if not one.is_gone]
    if not people:
        return []
    mine = [one.id for one in people]
    keep_before_erasing(session, edition_id, now)
    _keep_known_before(session, edition_id, people)
    outbox.withdraw_all(session, [Message.about.in_([one.reference for one in people])], now)
    end_rows(session, Whose.DELEGATE, mine)
    renamed = _replace(session, edition_id, people, now)
    _rename_in_letters(session, edition_id, renamed)
    # Those who were drawn keep what they were called then; nobody else's identifier can be made again.
    session.execute(update(Draw).where(Draw.edition_id == edition_id, Draw.document.is_not(None)).values(names_key=""))
    session.expire_all()
    return list(renamed.values())


def end_rows(session: Session, whose: Whose, ids: Collection[int]) -> None:
    """Blank and delete all that the table has of these people and that is not replaced one by one."""
    for row in rows_of(whose):
        end_row(session, row, about(row, ids))


def end_row(session: Session, row: Kept, which: Any) -> int:
    """Do what a row of the table says with the rows of the database for which `which` holds; returns how many."""
    table = table_of(row)
    if row.ends is Ends.DELETED:
        done = session.execute(delete(table).where(which, says_something(row)))
    elif row.ends is Ends.BLANKED:
        done = session.execute(update(table).where(which, says_something(row)).values(blanks(row)))
    else:
        return 0
    return int(done.rowcount)  # type: ignore[attr-defined]


def _keep_known_before(session: Session, edition_id: int, people: Sequence[Registration]) -> None:
    """Who was at an earlier edition counts as that, here and at later ones, when the addresses can tell no longer."""
    year = session.get_one(Edition, edition_id).year
    keys = [one.email_key for one in people if one.email_key]
    earlier = select(Registration.email_key).join(Edition, Edition.id == Registration.edition_id)
    earlier = earlier.where(Edition.year < year, Registration.email_key.in_(keys), Registration.ended_at.is_(None))
    known = set(session.scalars(earlier))
    later = select(Edition.id).where(Edition.year > year)
    live = [one.email_key for one in people if one.email_key and one.ended_at is None]
    # Each by itself finds its rows by an index; either of them would be looked for in all.
    for marked in (
        Registration.id.in_([one.id for one in people if one.email_key in known]),
        Registration.email_key.in_(live) & Registration.edition_id.in_(later),
    ):
        known_now = update(Registration).where(marked).values(known_before=True)
        session.execute(known_now.execution_options(synchronize_session=False))


def _replace(session: Session, edition_id: int, people: Sequence[Registration], now: datetime) -> dict[str, str]:
    """Give registrations, their emails and their trail references that identify nobody; returns them by the old ones.

    As many statements for many people as for one.
    """
    renamed = {one.reference: new_reference() for one in people}
    nobody = {old: f"{GONE_KEY}{new}" for old, new in renamed.items()}
    shared = _with_colleagues(session, edition_id, people)
    common = {"given_name": GONE, "email": "", "called": "", "by_name": sort_key(GONE)[:BY_LENGTH], "compared": True}
    alone = {"organisation": "", "by_organisation": sort_key("")[:BY_LENGTH]}
    for some, values in (
        ([one for one in people if one.id in shared], common),
        ([one for one in people if one.id not in shared], common | alone),
    ):
        new_ones = [
            {
                "reference": renamed[one.reference],
                "form_key": new_secret(),
                "link_version": one.link_version + 1,
                "email_key": nobody[one.reference],
            }
            for one in some
        ]
        _set_each(session, Registration.id, [one.id for one in some], new_ones, values)
    gone = {"recipient": GONE, "recipient_name": GONE, "subject": GONE, "reply_to": None, "text_removed_at": now}
    emails = [{"about": new, "recipient_key": nobody[old], "mailbox_key": nobody[old]} for old, new in renamed.items()]
    _set_each(session, Message.about, list(renamed), emails, gone)
    letters = [{"email_key": nobody[one.reference]} for one in people]
    _set_each(session, LetterRecipient.registration_id, [one.id for one in people], letters)
    for entry in session.scalars(select(AuditEntry).where(AuditEntry.about.in_(renamed))):
        entry.about, entry.details = renamed[entry.about], without_names(entry.details)
    session.flush()
    return renamed


def _with_colleagues(session: Session, edition_id: int, people: Sequence[Registration]) -> set[int]:
    """Those of an organisation that others of the edition have, too: what several came from names none of them."""
    one, other = aliased(Registration), aliased(Registration)
    # The first two are what an index finds. With EXISTS, PostgreSQL would read all of the edition for each batch.
    same = select(other.id).where(
        other.edition_id == edition_id,
        other.by_organisation == one.by_organisation,
        other.organisation == one.organisation,
        other.id != one.id,
    )
    shared = same.limit(1).scalar_subquery().is_not(None)
    return set(session.scalars(select(one.id).where(one.id.in_([person.id for person in people]), shared)))


def _set_each(
    session: Session,
    column: Any,
    keys: Sequence[Any],
    values: Sequence[dict[str, Any]],
    common: dict[str, Any] | None = None,
) -> None:
    """Write values of their own into the rows for each key, and what is `common` to all."""
    if keys:
        table = column.class_.__table__
        each = update(table).where(table.c[column.key] == bindparam("which")).values(common or {})
        session.execute(each, [{"which": key, **own} for key, own in zip(keys, values, strict=True)])


def _leave_others_trail(session: Session, scope: str, old: str, new: str) -> None:
    """Take a person's name out of trail entries about others, where they acted or were the other of two people.

    At the end of a period, all entries of the edition lose their names, and nobody has to be looked for.
    """
    actor = str(Actor("delegate", old))
    session.execute(
        update(AuditEntry)
        .where(AuditEntry.scope == scope, AuditEntry.actor == actor)
        .values(actor=str(DELEGATE))
        .execution_options(synchronize_session=False)
    )
    for entry in session.scalars(quoting(scope, [old])):
        entry.details = exchanged(without(entry.details, ("name",)), old, new)
    session.flush()


def _rename_in_letters(session: Session, edition_id: int, renamed: dict[str, str]) -> None:
    """In letters to people who were picked, replace the person's name in the list of recipients."""
    for letter in session.scalars(select(Letter).where(Letter.edition_id == edition_id)):
        picked = letter.audience.get("references", [])
        if renamed.keys() & set(picked):
            letter.audience = {**letter.audience, "references": [renamed.get(one, one) for one in picked]}
    session.flush()


def _drop_searches(session: Session, edition: Edition, values: Collection[str]) -> None:
    """What organisers searched for by the person's name, address, telephone or reference is searched for no longer."""
    for view in session.scalars(select(SavedView).where(SavedView.edition_id == edition.id)):
        view.query = search_without(view.query, values)
    for letter in session.scalars(select(Letter).where(Letter.edition_id == edition.id)):
        filters = dict(letter.audience.get("filters", {}))
        if names_one_of(filters.get("q", ""), values):
            filters.pop("q")
            letter.audience = {**letter.audience, "filters": filters}
    session.flush()


def _drop_address(session: Session, edition: Edition, traces: Traces, now: datetime) -> None:
    """Whoever was invited by this address, or one that it replaced, no longer is; nor is it anybody's contact."""
    here = select(Category.id).where(Category.edition_id == edition.id)
    keys = {address_key(value) for value in traces.telling if "@" in value}
    mine = InvitedAddress.email_key.in_(keys), InvitedAddress.category_id.in_(here)
    groups = select(Group.id).where(Group.edition_id == edition.id)
    session.execute(delete(InvitedAddress).where(*mine))
    session.execute(delete(Invitation).where(Invitation.email_key.in_(keys), Invitation.group_id.in_(groups)))
    for group in session.scalars(select(Group).where(Group.id.in_(groups), Group.email_key.in_(keys))).all():
        _forget_contact(session, group, now)
    # Who was registered by them had no address but theirs.
    lent = Registration.edition_id == edition.id, Registration.email_key.is_(None)
    theirs = union(select(Registration.reference).where(*lent), select(Group.reference).where(Group.id.in_(groups)))
    reader = {"recipient": GONE, "recipient_name": GONE, "recipient_key": "", "mailbox_key": "", "subject": GONE}
    gone = {**TEXTLESS, **reader, "reply_to": None, "text_removed_at": now}
    to_contact = [Message.recipient_key.in_(keys), Message.about.in_(theirs)]
    outbox.withdraw_all(session, to_contact, now)
    session.execute(update(Message).where(*to_contact).values(gone).execution_options(synchronize_session=False))
    session.execute(update(Registration).where(*lent, Registration.email.in_(traces.telling)).values(email=""))
    photographs = select(Photograph.id).where(Photograph.edition_id == edition.id)
    asked = Objection.email.in_(traces.telling), Objection.photograph_id.in_(photographs)
    session.execute(update(Objection).where(*asked).values(email="", reason=""))


def _forget_contact(session: Session, group: Group, now: datetime) -> None:
    """Take the contact off a group, and off the entries about it."""
    outbox.withdraw(session, group.reference, now)
    for entry in session.scalars(select(AuditEntry).where(AuditEntry.about == group.reference)):
        entry.details = without_names(entry.details)
    group.contact_name, group.email, group.email_key, group.link_version = GONE, "", "", group.link_version + 1
    session.flush()


def _drop_quotations(session: Session, edition: Edition, traces: Traces, now: datetime) -> None:
    """Emails to others, and entries about others, in which the person's address or reference is quoted."""
    telling = traces.telling
    quoted = or_(*(text.contains(value, autoescape=True) for text in (Message.text, Message.html) for value in telling))
    # What is still to be sent says something that its reader needs, and goes later with all others.
    mine = Message.scope == str(edition.year), Message.state.in_((*DONE_WITH, MessageState.KEPT, MessageState.DEAD))
    gone = {**TEXTLESS, "text_removed_at": now}
    session.execute(update(Message).where(*mine, quoted).values(gone).execution_options(synchronize_session=False))
    for entry in session.scalars(quoting(str(edition.year), telling)):
        details = without(entry.details, ("name",))
        for value in telling:
            details = exchanged(details, value, GONE) if "@" in value else details
        entry.details = details
    session.flush()
