"""Registers people in categories by invitation: people who know the code, or whose address was invited.

No page says which addresses were invited. Where the address decides, the answer is in an email to it.
"""

import hmac
from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Category, Edition, InvitedAddress
from dofc_events.core.errors import Refusal
from dofc_events.delegates.rules import folded
from dofc_events.delegates.service import category_of
from dofc_events.mail.rules import address_key
from dofc_events.notices.service import send
from dofc_events.registration.invitations import mails


class NotInvited(Refusal):
    """The category is by invitation, and the code is not its code; or no address was invited."""


def by_address(session: Session, category: Category, code: str) -> bool:
    """Whether it is the address that lets somebody register in a category. Raises NotInvited."""
    is_known = bool(category.code) and hmac.compare_digest(folded(code).encode(), folded(category.code).encode())
    if is_known or not category.by_invitation:
        return False
    if code or not session.scalar(select(exists().where(InvitedAddress.category_id == category.id))):
        raise NotInvited
    return True


def refuse_without_code(session: Session, edition_id: int, slug: str, code: str) -> None:
    """Raise NotInvited where only an address could let somebody register who is registered by somebody else."""
    if by_address(session, category_of(session, edition_id, slug), code):
        raise NotInvited


def if_invited(
    session: Session,
    edition: Edition,
    category: Category,
    email: str,
    language: str,
    register: Callable[[], object],
    now: datetime,
    *,
    keep: bool,
) -> None:
    """Register an address that was invited, or write to it that it was not.

    Both are done in either case, and one is undone, so that the time of the answer tells nobody which it was.
    """
    is_invited = session.get(InvitedAddress, (category.id, address_key(email))) is not None
    refusal = mails.not_invited(edition, category.label, email, language)
    refuse = partial(send, session, refusal, now, keep=keep, asked_for=True)
    for act, stays in ((register, is_invited), (refuse, not is_invited)):
        attempt = session.begin_nested()
        act()
        session.flush()
        attempt.commit() if stays else attempt.rollback()
