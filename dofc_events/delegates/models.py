"""The table of registrations, and the texts that delegates consented to."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeEngine

from dofc_events.conference.models import Category, Edition
from dofc_events.core.db import IDS_ONCE, Base, Revised
from dofc_events.delegates.rules import details_are_frozen, full_name, greeted_as, is_gone
from dofc_events.delegates.spelling.rules import LONGEST
from dofc_events.mail.rules import address_key

# Only the beginning of a long name, some fifty letters, decides its position in a list.
BY_LENGTH = 240

LONGEST_TAG = 40

# Always so.
IN_PRESENT = "edition_id > 0"
FILTERED = ("category_id", "country", "language", "visa_letter", "registered_at")


def binary(length: int) -> TypeEngine[str]:
    """Text that is compared letter by letter, as SQLite does it: no language's order, but an index finds beginnings."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class ConsentText(Base):
    """A text that delegates consented to, word for word as it was shown. `version` is a hash of it."""

    __tablename__ = "consent_texts"

    version: Mapped[str] = mapped_column(String(16), primary_key=True)
    language: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    first_shown_at: Mapped[datetime]


class Registration(Revised, Base):
    """One person at one edition. Its status is its claim's on the edition's pool, stored nowhere else.

    `ended_at` is when it was cancelled: at most one registration per edition and address has not ended. People without
    an address of their own have no `email_key`: `email` is then that of the contact who registered them, see `groups`.
    `link_version` grows when the link must end (another address); `revision` whenever the delegate's calendar entry or
    details change. `search_words` are what the organisers' search looks for; `by_name` and `by_organisation` sort lists
    (`core/order.py`); `called` is the name as the door calls it out, without case and marks. `any_trip` says that in a
    draw any other learning trip is fine, too. Only organisers see `note` and `tags`. `draw_name` is the pseudonym in a
    published draw, or the one that the delegate was told before. `compared` says that doubles have been looked for
    since the name, address or telephone last changed. `known_before`: the same address was at an earlier edition, which
    has since been blanked.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        Index(
            "uq_registrations_live_address",
            "edition_id",
            "email_key",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        # Whatever the list is narrowed to is found in this index alone, newest first.
        Index("ix_registrations_filters", "edition_id", "id", *FILTERED),
        # Which of them there are at an edition. For what states the condition alone: SQLite, without figures to plan
        # by, would take it for other things, too, and read rows in no order.
        Index(
            "ix_registrations_present",
            "edition_id",
            "country",
            "language",
            sqlite_where=text(IN_PRESENT),
            postgresql_where=text(IN_PRESENT),
        ),
        Index("ix_registrations_country", "edition_id", "country", "id"),
        Index("ix_registrations_category", "edition_id", "category_id", "id"),
        Index("ix_registrations_registered_at", "edition_id", "registered_at"),
        # As short as there are.
        Index(
            "ix_registrations_ended_at",
            "edition_id",
            "ended_at",
            sqlite_where=text("ended_at IS NOT NULL"),
            postgresql_where=text("ended_at IS NOT NULL"),
        ),
        Index("ix_registrations_by_name", "edition_id", "by_name", "id"),
        Index("ix_registrations_by_organisation", "edition_id", "by_organisation", "id"),
        Index("ix_registrations_phone", "edition_id", "phone"),
        # As short as what is left to do.
        Index(
            "ix_registrations_to_compare",
            "id",
            sqlite_where=text("NOT compared AND ended_at IS NULL"),
            postgresql_where=text("NOT compared AND ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    link_version: Mapped[int] = mapped_column(default=1)
    given_name: Mapped[str] = mapped_column(String(100))
    family_name: Mapped[str] = mapped_column(String(100))
    badge_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(254), index=True)
    organisation: Mapped[str] = mapped_column(String(200))
    job_title: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2))
    phone: Mapped[str] = mapped_column(String(40))
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    dietary: Mapped[str] = mapped_column(Text)
    access_needs: Mapped[str] = mapped_column(Text)
    visa_letter: Mapped[bool]
    photo_consent: Mapped[bool]
    language: Mapped[str] = mapped_column(String(12))
    consent_version: Mapped[str] = mapped_column(ForeignKey("consent_texts.version"))
    consented_at: Mapped[datetime]
    registered_at: Mapped[datetime]
    called: Mapped[str] = mapped_column(binary(BY_LENGTH))
    by_name: Mapped[str] = mapped_column(binary(BY_LENGTH))
    by_organisation: Mapped[str] = mapped_column(binary(BY_LENGTH))
    any_trip: Mapped[bool] = mapped_column(default=False)
    draw_name: Mapped[str | None] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, default="")
    compared: Mapped[bool] = mapped_column(default=False)
    known_before: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]

    edition: Mapped[Edition] = relationship()
    category: Mapped[Category] = relationship()
    search_words: Mapped[list["SearchWord"]] = relationship(cascade="all, delete-orphan")
    tags: Mapped[list["Tag"]] = relationship(cascade="all, delete-orphan", order_by="Tag.word")

    @property
    def full_name(self) -> str:
        return full_name(self.given_name, self.family_name, self.country)

    @property
    def reader_name(self) -> str:
        """The name of whoever reads the messages about it; "" for the contact of somebody without an address."""
        return "" if self.email_key is None else self.full_name

    @property
    def mailed_key(self) -> str:
        """The key of the address that messages about it go to, whosever that is."""
        return self.email_key or address_key(self.email)

    @property
    def accompanies(self) -> bool:
        """Whether this is an accompanying person, as the edition has them now."""
        return self.edition.takes_companions and self.category.slug == self.edition.companion_category

    def is_frozen(self, now: datetime) -> bool:
        """Whether its delegate can no longer change anything but the address: see `details_are_frozen`."""
        edition, has_ended = self.edition, self.ended_at is not None
        return details_are_frozen(edition.details_freeze_at(), edition.is_over(now), has_ended, now)

    @property
    def is_gone(self) -> bool:
        """Whether it no longer names its person."""
        return is_gone(self.email_key)

    @property
    def greeted_as(self) -> str:
        return greeted_as(self.given_name, self.family_name, self.country)


class SearchWord(Base):
    """One spelling of a word by which a registration is found, see `delegates/spelling/rules.py`."""

    __tablename__ = "search_words"
    __table_args__ = (Index("ix_search_words_word", "word", "registration_id"),)

    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    word: Mapped[str] = mapped_column(binary(LONGEST), primary_key=True)


class LikelyDouble(Base):
    """Two registrations of one edition that may belong to one person, the earlier first.

    `told_apart_at` is when an organiser said that they are two people; then they are not shown again. Found by
    `delegates/doubles/service.py`.
    """

    __tablename__ = "likely_doubles"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        Index("ix_likely_doubles_second_id", "second_id"),
        IDS_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), index=True)
    first_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"))
    second_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"))
    told_apart_at: Mapped[datetime | None]

    first: Mapped[Registration] = relationship(foreign_keys=[first_id])
    second: Mapped[Registration] = relationship(foreign_keys=[second_id])


class Tag(Base):
    """A word that organisers put on a registration, to find it and others like it again."""

    __tablename__ = "tags"
    __table_args__ = (Index("ix_tags_word", "word", "registration_id"),)

    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    word: Mapped[str] = mapped_column(String(LONGEST_TAG), primary_key=True)
