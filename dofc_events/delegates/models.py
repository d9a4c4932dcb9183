"""The table of registrations, and the texts that delegates consented to."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dofc_events.conference.models import Category, Edition
from dofc_events.core.db import Base


class ConsentText(Base):
    """A text that delegates consented to, word for word as it was shown. `version` is a hash of it."""

    __tablename__ = "consent_texts"

    version: Mapped[str] = mapped_column(String(16), primary_key=True)
    language: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    first_shown_at: Mapped[datetime]


class Registration(Base):
    """One person at one edition. Its status is its claim's on the edition's pool, stored nowhere else.

    `ended_at` is when it was cancelled: at most one registration per edition and address has not ended.
    `link_version` grows when the link must end (another address); `revision` whenever the delegate's calendar entry
    or details change; `search_text` is what the organisers' search looks through; `any_trip` says that in a draw any
    other learning trip is fine, too.
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
        Index("ix_registrations_edition", "edition_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    link_version: Mapped[int] = mapped_column(default=1)
    revision: Mapped[int] = mapped_column(default=0)
    given_name: Mapped[str] = mapped_column(String(100))
    family_name: Mapped[str] = mapped_column(String(100))
    badge_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), index=True)
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
    search_text: Mapped[str] = mapped_column(Text)
    any_trip: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]

    edition: Mapped[Edition] = relationship()
    category: Mapped[Category] = relationship()

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()
