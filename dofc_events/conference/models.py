"""Tables of the network and its conferences."""

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dofc_events.conference.rules import (
    CategoryState,
    EditionStatus,
    TripMode,
    Window,
    over_at,
    registration_window,
)
from dofc_events.core.clock import from_zone, in_zone
from dofc_events.core.db import Base, Revised


class Organisation(Base):
    """An organisation that hosted, proposed or signed something, or is a member of the network."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str | None] = mapped_column(String(2))
    is_demo: Mapped[bool] = mapped_column(default=False)


class Member(Base):
    """A cluster organisation of the network: one vote. Its representatives are accounts with a role for it."""

    __tablename__ = "members"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    website: Mapped[str] = mapped_column(String(300), default="")
    contact_name: Mapped[str] = mapped_column(String(120), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")

    organisation: Mapped[Organisation] = relationship(lazy="joined")


class Edition(Revised, Base):
    """One year's conference. What is not known of a past edition is null, and pages are silent about it.

    `starts_at` and `ends_at` are times of day in `zone`; `registration_opens_at`, `registration_closes_at` and
    `freezes_at` are moments. `offer_hours` is how long a freed place is held for the next in line; 0 confirms at once.
    With `confirms_places` a free place is held until the delegate has confirmed it by email; with `registers_at_door`
    the desk may register people who come without a registration. Each delegate may bring at most `companions` people,
    all of whom are registered in the category with that slug, which is for them alone. `asks_questions` is true once
    the edition has had a question of its own, and saves looking for questions where there are none. `revision` grows
    whenever what calendars show changes. Seats on learning trips are given as `trip_mode` says; sign-up lasts from
    `trips_open_at` (by default with registration) until `trips_close_at`; `trips_drawn_at` is when the draw was
    published. `archived_at` is when it was archived, while it is. In a copy, `copied_from_id` is the edition that its
    texts were written for.
    """

    __tablename__ = "editions"
    __table_args__ = (CheckConstraint("offer_hours >= 0", name="offer_hours_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(unique=True)
    ordinal: Mapped[int | None]
    status: Mapped[EditionStatus] = mapped_column(String(20), default=EditionStatus.DRAFT)
    is_demo: Mapped[bool] = mapped_column(default=False)
    city: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2))
    venue: Mapped[str | None] = mapped_column(String(200))
    venue_address: Mapped[str | None] = mapped_column(String(300))
    zone: Mapped[str] = mapped_column(String(60), default="UTC")
    starts_on: Mapped[date | None]
    starts_at: Mapped[time | None]
    ends_on: Mapped[date | None]
    ends_at: Mapped[time | None]
    summary: Mapped[str] = mapped_column(String(400), default="")
    programme: Mapped[str] = mapped_column(Text, default="")
    cost: Mapped[str] = mapped_column(String(300), default="")
    languages: Mapped[str] = mapped_column(String(300), default="")
    dress: Mapped[str] = mapped_column(String(300), default="")
    faq: Mapped[str] = mapped_column(Text, default="")
    registration_opens_at: Mapped[datetime | None]
    registration_closes_at: Mapped[datetime | None]
    freezes_at: Mapped[datetime | None]
    offer_hours: Mapped[float] = mapped_column(default=72.0)
    confirms_places: Mapped[bool] = mapped_column(default=False)
    registers_at_door: Mapped[bool] = mapped_column(default=False)
    companions: Mapped[int] = mapped_column(default=0)
    companion_category: Mapped[str] = mapped_column(String(80), default="")
    asks_questions: Mapped[bool] = mapped_column(default=False)
    # Whether some of these are answered with a file.
    asks_files: Mapped[bool] = mapped_column(default=False)
    contact_name: Mapped[str | None] = mapped_column(String(120))
    contact_email: Mapped[str | None] = mapped_column(String(254))
    trip_mode: Mapped[TripMode] = mapped_column(String(20), default=TripMode.FIRST_COME)
    trips_open_at: Mapped[datetime | None]
    trips_close_at: Mapped[datetime | None]
    trips_drawn_at: Mapped[datetime | None]
    attendance_at_least: Mapped[int | None]
    speakers: Mapped[int | None]
    had_learning_trips: Mapped[bool | None]
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"))
    archived_at: Mapped[datetime | None]

    categories: Mapped[list["Category"]] = relationship(
        primaryjoin="and_(Category.edition_id == Edition.id, Category.state != 'removed')",
        order_by="Category.position",
        back_populates="edition",
    )
    organisers: Mapped[list[Organisation]] = relationship(
        secondary="edition_organisers", order_by="EditionOrganiser.position"
    )
    proposed_by: Mapped[Organisation | None] = relationship()
    countries: Mapped[list["AttendingCountry"]] = relationship(order_by="AttendingCountry.country")

    @property
    def name(self) -> str:
        return f"Days of Clusters {self.year}"

    @property
    def has_open_category(self) -> bool:
        """Whether there is a category to register in."""
        return any(category.state == CategoryState.OPEN for category in self.categories)

    def keep_conditions_of(self, source: "Edition") -> None:
        """Copy from categories with equal slugs whether they are by invitation or need approval; nobody is invited."""
        sources = {category.slug: category for category in source.categories}
        for category in self.categories:
            if known := sources.get(category.slug):
                category.by_invitation, category.needs_approval = known.by_invitation, known.needs_approval

    def begins_at(self) -> datetime | None:
        """The moment at which the edition begins, or None while its dates are not set."""
        if self.starts_on is None:
            return None
        return from_zone(self.starts_on, self.starts_at or time(0), self.zone)

    def finishes_at(self) -> datetime | None:
        """The moment at which the edition ends, or None while its dates are not set."""
        return over_at(self.ends_on, self.ends_at, self.zone)

    def window(self, now: datetime) -> Window:
        return registration_window(self.status, self.registration_opens_at, self.registration_closes_at, now)

    def details_freeze_at(self) -> datetime | None:
        """From when on delegates' details are read-only: the freeze date, by default the close of registration."""
        return self.freezes_at or self.registration_closes_at

    @property
    def takes_companions(self) -> bool:
        """Whether delegates may bring accompanying persons."""
        return self.companions > 0 and bool(self.companion_category)

    def has_begun(self, now: datetime) -> bool:
        begins_at = self.begins_at()
        return begins_at is not None and now >= begins_at

    def gives_places(self, now: datetime) -> bool:
        """Whether places that become free are still given to those who wait: until it begins or is archived."""
        return self.status != EditionStatus.ARCHIVED and not self.has_begun(now)

    @property
    def collects_wishes(self) -> bool:
        """Whether delegates rank their wishes for a draw that is still to come, instead of taking seats."""
        return self.trip_mode == TripMode.DRAW and not self.was_drawn

    @property
    def was_drawn(self) -> bool:
        """Whether a draw was published; what is free since then goes first come."""
        return self.trip_mode == TripMode.DRAW and self.trips_drawn_at is not None

    def sign_up_opens_at(self) -> datetime | None:
        """From when delegates can sign up for learning trips."""
        return self.trips_open_at or self.registration_opens_at

    def sign_up_closes_at(self) -> datetime | None:
        """Until when delegates can sign up: wishes until registration closes, seats until the edition begins."""
        if self.was_drawn:
            return self.begins_at()
        return self.trips_close_at or (self.registration_closes_at if self.collects_wishes else self.begins_at())

    def sign_up_window(self, now: datetime) -> Window:
        """Whether delegates can sign up for learning trips; never once the edition has begun."""
        if not self.gives_places(now):
            return Window.CLOSED
        return registration_window(self.status, self.sign_up_opens_at(), self.sign_up_closes_at(), now)

    def is_past(self, now: datetime) -> bool:
        """Whether the edition has taken place. Of some only the year is known; its days are those of its zone."""
        if self.status == EditionStatus.ARCHIVED and self.has_begun(now):
            return not self.was_called_off
        if self.ends_on is None:
            return self.status == EditionStatus.ARCHIVED and self.year < in_zone(now, self.zone).year
        return self.ends_on < in_zone(now, self.zone).date()

    @property
    def was_called_off(self) -> bool:
        """Whether the edition never took place: it was archived before it began, and has stayed in the archive."""
        begins_at = self.begins_at()
        return self.archived_at is not None and begins_at is not None and self.archived_at < begins_at

    def has_finished(self, now: datetime) -> bool:
        finishes_at = self.finishes_at()
        return finishes_at is not None and now >= finishes_at

    def is_over(self, now: datetime) -> bool:
        """Whether registrations are read-only: once the edition has finished, or is archived."""
        return self.status == EditionStatus.ARCHIVED or self.has_finished(now)


class Category(Base):
    """A kind of delegate at one edition.

    If it is `by_invitation`, only those can register in it who know its `code`, if it has one, or whose address is
    invited. If it `needs_approval`, whoever registers only requests a place, until organisers decide.
    """

    __tablename__ = "categories"
    __table_args__ = (UniqueConstraint("edition_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    slug: Mapped[str] = mapped_column(String(60))
    label: Mapped[str] = mapped_column(String(120))
    position: Mapped[int]
    state: Mapped[CategoryState] = mapped_column(String(10), default=CategoryState.OPEN)

    by_invitation: Mapped[bool] = mapped_column(default=False)
    code: Mapped[str] = mapped_column(String(60), default="")
    needs_approval: Mapped[bool] = mapped_column(default=False)

    edition: Mapped[Edition] = relationship(back_populates="categories")


class InvitedAddress(Base):
    """The key of an address that is invited to register in a category."""

    __tablename__ = "invited_addresses"

    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id", ondelete="CASCADE"), primary_key=True)
    email_key: Mapped[str] = mapped_column(String(254), primary_key=True)


class EditionOrganiser(Base):
    """An organisation that organised an edition, in the order in which its sources name them."""

    __tablename__ = "edition_organisers"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    position: Mapped[int]


class AttendingCountry(Base):
    """A country that delegates of past editions came from; without an edition where no source says which one."""

    __tablename__ = "attending_countries"
    __table_args__ = (UniqueConstraint("edition_id", "country"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"))
    country: Mapped[str] = mapped_column(String(2))
