"""Tables of groups, of the registrations in them, and of the people invited by heads of delegations."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.db import IDS_ONCE, Base
from dofc_events.delegates.models import Registration

LONGEST_NAME = 200


class Group(Base):
    """Registrations at one edition that share a contact, who need not be a delegate.

    A delegation is a group that organisers promised `places` until a moment: then `promise_id` is set, until they are
    no longer kept, which was at `ended_at`. Its contact is the head. `link_version` grows when the link must end.
    """

    __tablename__ = "groups"
    __table_args__ = (
        CheckConstraint("(places IS NULL) = (until IS NULL)", name="places_until"),
        Index("ix_groups_contact", "edition_id", "email_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    link_version: Mapped[int] = mapped_column(default=1)
    organisation: Mapped[str] = mapped_column(String(LONGEST_NAME))
    contact_name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(12))
    made_at: Mapped[datetime]
    places: Mapped[int | None]
    until: Mapped[datetime | None]
    promise_id: Mapped[int | None] = mapped_column(ForeignKey("promises.id"), unique=True)
    ended_at: Mapped[datetime | None]

    edition: Mapped[Edition] = relationship()

    @property
    def is_delegation(self) -> bool:
        return self.places is not None

    @property
    def keeps_places(self) -> bool:
        """Whether promised places are kept: until their date, a withdrawal, or the archiving of the edition."""
        return self.promise_id is not None and self.edition.status != EditionStatus.ARCHIVED

    @property
    def called(self) -> str:
        """What organisers call it: a delegation by its organisation, another group by its contact as well."""
        if self.is_delegation or not self.email:
            return self.organisation
        return f"{self.contact_name} ({self.organisation})" if self.organisation else self.contact_name

    def shows(self, registration: Registration) -> bool:
        """Whether the contact has the link to somebody's page: of a delegation only where it is the contact's own.

        The head sees who has registered, and nothing that they said of themselves. A later link is for whoever has
        taken over or corrected the address, and no longer for the contact, unless it is theirs.
        """
        if registration.email_key is None:
            return True
        return not self.is_delegation and (registration.link_version == 1 or registration.email_key == self.email_key)


class Member(Base):
    """A registration that belongs to a group; `is_contact`: the delegate who registered the others.

    Their address alone would not tell: anybody in the group may change theirs to the contact's.
    """

    __tablename__ = "group_members"

    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), index=True)
    is_contact: Mapped[bool] = mapped_column(default=False)

    group: Mapped[Group] = relationship()
    registration: Mapped[Registration] = relationship()


class Invitation(Base):
    """Somebody the head of a delegation has invited by email; `registration_id` once they have registered."""

    __tablename__ = "group_invitations"
    __table_args__ = (UniqueConstraint("group_id", "email_key"), IDS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    invited_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registrations.id"), index=True)

    group: Mapped[Group] = relationship()
