"""Who is registered where."""

import re
from collections.abc import Iterable, Sequence
from email.utils import parseaddr

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, false, func, not_, or_, select
from sqlalchemy.orm import Session, aliased, joinedload
from sqlalchemy.orm.util import identity_key

from dofc_events.conference.models import Category, Edition
from dofc_events.core.audit import AuditEntry
from dofc_events.core.db import in_pieces
from dofc_events.core.references import read_token, sign
from dofc_events.core.statements import PLANNED_WITH_VALUES
from dofc_events.delegates.models import Registration, SearchWord
from dofc_events.delegates.spelling.rules import asked_for, number_asked_for
from dofc_events.extensions import settings
from dofc_events.mail.rules import address_key
from dofc_events.questions.models import Answer, EditionQuestion, QuestionOption
from dofc_events.questions.rules import KEYED, NO, PICKED, YES, Kind

# A search for more words finds no more.
MAX_WORDS = 20

WHOLE_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")

# No word has this letter, which stands after all others.
AFTER_ALL = "\U0010ffff"

_BY_LINK = (
    select(Registration)
    .where(Registration.reference == bindparam("reference"), Registration.link_version == bindparam("version"))
    .options(joinedload(Registration.edition), joinedload(Registration.category))
)
# Mostly there is none: the row is fetched only if there is one.
_BY_FORM_KEY = select(Registration.id).where(Registration.form_key == bindparam("form_key"))
_LIVE = select(Registration.id).where(
    Registration.edition_id == bindparam("edition_id"),
    Registration.email_key == bindparam("email_key"),
    Registration.ended_at.is_(None),
)
_ON_RECORD = (
    select(Edition, Category, _BY_FORM_KEY.scalar_subquery(), _LIVE.scalar_subquery())
    .outerjoin(Category, and_(Category.edition_id == Edition.id, Category.slug == bindparam("category")))
    .where(Edition.id == bindparam("edition_id"))
)


def registration_by_token(session: Session, token: str) -> Registration | None:
    """The registration that a link leads to, with its edition and category; None for a wrong or replaced link."""
    signed = read_link(token)
    if signed is None:
        return None
    reference, version = signed
    return session.scalar(_BY_LINK, {"reference": reference, "version": version})


def registration_by_reference(session: Session, edition_id: int, reference: str) -> Registration | None:
    """One registration of an edition, with its edition and category."""
    query = select(Registration).where(Registration.reference == reference, Registration.edition_id == edition_id)
    return session.scalar(query.options(joinedload(Registration.edition), joinedload(Registration.category)))


def registrations_by_id(session: Session, registration_ids: Iterable[int]) -> dict[int, Registration]:
    """These registrations by their ids, in as few queries as a database needs; none for those that are at hand."""
    keys = {id_: identity_key(Registration, id_) for id_ in registration_ids}
    found = {id_: session.identity_map[key] for id_, key in keys.items() if key in session.identity_map}
    for some in in_pieces(keys.keys() - found.keys()):
        for registration in session.scalars(select(Registration).where(Registration.id.in_(some))):
            found[registration.id] = registration
    return found


def live_registration_id(session: Session, edition_id: int, email: str) -> int | None:
    """The id of the registration that an address has at an edition and that was not cancelled."""
    return session.scalar(_LIVE, {"edition_id": edition_id, "email_key": address_key(email)})


def live_registration(session: Session, edition_id: int, email: str) -> Registration | None:
    """The registration that an address has at an edition and that was not cancelled."""
    found = live_registration_id(session, edition_id, email)
    return None if found is None else session.get_one(Registration, found)


def live_found_by(session: Session, edition_id: int, words: str, *, limit: int) -> Sequence[Registration]:
    """The first people, by name, of those whom these words find at an edition and who have not cancelled."""
    mine = select(Registration).where(Registration.edition_id == edition_id, Registration.ended_at.is_(None))
    return session.scalars(
        mine.where(found_by(words)).order_by(Registration.by_name, Registration.id).limit(limit)
    ).all()


def on_record(
    session: Session, edition_id: int, category: str, form_key: str, email: str
) -> tuple[Edition, Category | None, Registration | None, int | None]:
    """In one query an edition, a category of it, and what `registration_by_form_key` and `live_registration_id` say."""
    wanted = {"edition_id": edition_id, "category": category, "form_key": form_key, "email_key": address_key(email)}
    edition, found, earlier, known = session.execute(_ON_RECORD, wanted).one()
    return edition, found, earlier and session.get_one(Registration, earlier), known


def registration_by_form_key(session: Session, form_key: str) -> Registration | None:
    """The registration that was made with one form, however often the form was sent."""
    found = session.scalar(_BY_FORM_KEY, {"form_key": form_key})
    return None if found is None else session.get_one(Registration, found)


def came_before(edition_id: int) -> ColumnElement[bool]:
    """The condition that the address of an edition's registration has one at an earlier edition that did not end."""
    year = select(Edition.year).where(Edition.id == edition_id).scalar_subquery()
    earlier = aliased(Registration)
    editions = select(Edition.id).where(Edition.year < year)
    known = select(earlier.email_key).where(earlier.edition_id.in_(editions), earlier.ended_at.is_(None))
    return or_(Registration.known_before, Registration.email_key.in_(known))


def found_by(words: str) -> ColumnElement[bool]:
    """The condition that a word of a name, the address, the organisation or the reference begins with each of `words`.

    However it is spelled. A whole address finds its own registration alone, a telephone number those that begin with
    it. Nothing typed narrows nothing; what has neither letters nor digits finds nobody.
    """
    asked, number, address = asked_for(words)[:MAX_WORDS], number_asked_for(words), _whole_address(words)
    if words.strip() and not asked:
        return false()
    found = and_(True, *(Registration.id.in_(_with_a_word(spellings)) for spellings in asked))
    if number:
        return or_(Registration.id.in_(_with_a_word({number})), found)
    if address:
        at = aliased(Registration)
        is_there = exists().where(at.edition_id == Registration.edition_id, at.email_key == address)
        return or_(Registration.email_key == address, and_(not_(is_there), found))
    return found


def _whole_address(text: str) -> str:
    """The key of an address that was typed or pasted, with a name before it or without; "" if it is none."""
    address = parseaddr(text)[1]
    return address_key(address) if WHOLE_ADDRESS.fullmatch(address) else ""


def _with_a_word(beginnings: Iterable[str]) -> Select[int]:
    ranges = (and_(SearchWord.word >= start, SearchWord.word < start + AFTER_ALL) for start in sorted(beginnings))
    return select(SearchWord.registration_id).prefix_with(PLANNED_WITH_VALUES).where(or_(*ranges))


def categories_in_use(session: Session, edition_id: int) -> set[str]:
    """The slugs of the categories in which somebody is registered at an edition, and has not cancelled."""
    live = select(Category.slug).join(Registration, Registration.category_id == Category.id).distinct()
    return set(session.scalars(live.where(Category.edition_id == edition_id, Registration.ended_at.is_(None))))


def count_in_category(session: Session, edition_id: int, slug: str) -> int:
    """How many people are registered in a category of an edition, and have not cancelled."""
    live = select(func.count(Registration.id)).join(Category, Registration.category_id == Category.id)
    live = live.where(Category.edition_id == edition_id, Category.slug == slug, Registration.ended_at.is_(None))
    return session.scalar(live) or 0


def answer_faults(session: Session) -> list[str]:
    """One sentence for each answer to another edition's question, and for each that is none of its options."""
    answered = select(Registration.reference, EditionQuestion.key, EditionQuestion.kind, Answer.choice)
    answered = answered.join(Answer, Answer.registration_id == Registration.id)
    answered = answered.join(EditionQuestion, EditionQuestion.id == Answer.question_id)
    mine = and_(QuestionOption.question_id == Answer.question_id, QuestionOption.key == Answer.choice)
    is_file, has_file = EditionQuestion.kind == Kind.FILE, Answer.content_hash.is_not(None)
    is_right = or_(
        and_(EditionQuestion.kind.in_(PICKED), exists().where(mine)),
        and_(EditionQuestion.kind == Kind.YES_NO, Answer.choice.in_((YES, NO))),
        and_(EditionQuestion.kind.not_in(KEYED), Answer.choice == "", Answer.text != "", is_file == has_file),
    )
    wrong = answered.where(or_(Registration.edition_id != EditionQuestion.edition_id, not_(is_right)))
    return [
        f"registration {reference}: “{choice}” is no answer to the question “{key}” ({kind}) of its edition"
        for reference, key, kind, choice in session.execute(wrong)
    ]


PURPOSE = "registration"
PROOF = "confirm-place"


def token_of(registration: Registration) -> str:
    """The token of the link that is valid now."""
    return sign(settings().keys, PURPOSE, registration.reference, registration.link_version)


def proof_of(registration: Registration) -> str:
    """The token of the link that only an email contains: people who have it can read emails to the address."""
    return sign(settings().keys, PROOF, registration.reference, registration.link_version)


def registration_by_proof(session: Session, token: str) -> Registration | None:
    """The registration that such a link confirms, with its edition and category; None for a wrong or replaced link."""
    signed = read_token(settings().keys, PROOF, token)
    return session.scalar(_BY_LINK, dict(zip(("reference", "version"), signed, strict=True))) if signed else None


def read_link(token: str) -> tuple[str, int] | None:
    """The reference and version that a token was made for, or None if it was not made here."""
    return read_token(settings().keys, PURPOSE, token)


def leads_to_erased(session: Session, token: str, *purposes: str) -> bool:
    """Whether a link that was made here, also for one of `purposes`, led to somebody who has been erased since.

    Erasing gives a registration another reference: nobody has the one that the link names.
    """
    signed = [read_token(settings().keys, purpose, token) for purpose in (PURPOSE, PROOF, *purposes)]
    named = [one[0].partition(".")[0] for one in signed if one]
    return bool(named) and session.scalar(select(Registration.id).where(Registration.reference.in_(named))) is None


def merged_into(session: Session, registration: Registration) -> str:
    """The reference of the live registration that stays of those that this one, which ended, was merged with; or ""."""
    if registration.ended_at is None:
        return ""
    ended = select(func.max(AuditEntry.id)).where(
        AuditEntry.about == registration.reference, AuditEntry.act == "cancelled"
    )
    query = select(Registration).join(AuditEntry, AuditEntry.details["other"].as_string() == Registration.reference)
    other = session.scalar(query.where(AuditEntry.id == ended.scalar_subquery()))
    if other is None or other.is_gone:
        return ""
    return other.reference if other.ended_at is None else merged_into(session, other)
