"""Creating, copying, changing, publishing and archiving editions; their categories and organisers."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import String, select

from dofc_events.conference import service
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import categories_of
from dofc_events.conference.rules import EditionStatus, Fault
from dofc_events.core.audit import Actor, AuditEntry
from dofc_events.core.clock import from_zone
from dofc_events.delegates.models import ConsentText, Registration

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
CHAIR = Actor("account", "chair@example.org")
CATEGORIES = (("member", "Member of the network"), ("guest", "Guest"))
DETAILS = service.EditionDetails(
    city="Prague",
    country="CZ",
    venue="Hall",
    venue_address="Square 1",
    zone="Europe/Prague",
    starts_on=date(2027, 6, 3),
    starts_at=time(9),
    ends_on=date(2027, 6, 5),
    ends_at=time(17),
    summary="Three days.",
    programme="## Thursday",
    registration_opens_at=datetime(2027, 1, 11, 8, tzinfo=UTC),
    registration_closes_at=datetime(2027, 5, 16, 22, tzinfo=UTC),
    offer_hours=48.0,
    contact_name="Ana Host",
    contact_email="host@example.org",
)


def create(session, year=2027, details=DETAILS, categories=CATEGORIES, **more):
    return service.create_edition(session, year, details, categories, CHAIR, NOW, **more)


def trail(session) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def labels(session, edition) -> list[tuple[str, str]]:
    return [(category.slug, category.label) for category in categories_of(session, edition.id)]


def register_in(session, category) -> None:
    """Somebody who registered in a category; what they answered is not the point here."""
    session.add(ConsentText(version="v1", language="en", text="I agree.", first_shown_at=NOW))
    session.flush()
    answers = {c.name: "any" for c in Registration.__table__.columns if isinstance(c.type, String) and not c.nullable}
    answers |= {"country": "RS", "language": "en", "consent_version": "v1"}
    moments = {"consented_at": NOW, "registered_at": NOW}
    ticks = {"visa_letter": False, "photo_consent": False}
    session.add(Registration(edition_id=category.edition_id, category_id=category.id, **answers, **moments, **ticks))
    session.flush()


def test_create_edition_makes_a_draft(session):
    edition = create(session)
    assert (edition.status, edition.is_demo, edition.revision) == (EditionStatus.DRAFT, False, 0)
    assert service.details_of(edition) == DETAILS
    assert labels(session, edition) == list(CATEGORIES)
    assert [(e.act, e.scope, e.actor) for e in trail(session)] == [
        ("edition_created", "2027", "account:chair@example.org"),
        ("categories_changed", "2027", "account:chair@example.org"),
    ]


@pytest.mark.databases("sqlite", "postgresql")
def test_create_edition_is_refused_when_the_year_has_one(session):
    create(session)
    with pytest.raises(service.EditionExists):
        create(session, categories=())
    assert len(session.scalars(select(Edition)).all()) == 1


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"ends_on": date(2027, 6, 2)}, (Fault.LAST_DAY_BEFORE_FIRST,)),
        ({"ends_on": date(2027, 6, 3), "ends_at": time(9)}, (Fault.ENDS_BEFORE_IT_BEGINS,)),
        # Or those who wait would get a place that nobody confirms.
        ({"offer_hours": 0, "confirms_places": True}, (Fault.HOLDS_WITHOUT_OFFERS,)),
        ({"registration_closes_at": DETAILS.registration_opens_at}, (Fault.CLOSES_BEFORE_IT_OPENS,)),
        (
            {"ends_on": date(2027, 6, 2), "registration_closes_at": datetime(2027, 1, 1, tzinfo=UTC)},
            (Fault.LAST_DAY_BEFORE_FIRST, Fault.CLOSES_BEFORE_IT_OPENS),
        ),
    ],
)
def test_settings_are_refused_when_they_contradict_each_other(session, change, faults):
    disordered = replace(DETAILS, **change)
    with pytest.raises(service.SettingsContradict) as refusal:
        create(session, details=disordered)
    assert refusal.value.faults == faults
    edition = create(session)
    with pytest.raises(service.SettingsContradict):
        service.change_edition(session, edition.id, disordered, CHAIR, NOW)


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({}, ()),
        ({"registration_closes_at": datetime(2027, 6, 5, 15, tzinfo=UTC)}, ()),
        ({"registration_closes_at": datetime(2027, 6, 5, 15, 1, tzinfo=UTC)}, (Fault.CLOSES_AFTER_THE_END,)),
        ({"registration_closes_at": datetime(2027, 6, 5, 22, tzinfo=UTC), "ends_at": None}, ()),
        ({"freezes_at": datetime(2028, 1, 1, tzinfo=UTC)}, (Fault.FREEZES_AFTER_THE_END,)),
        ({"freezes_at": datetime(2028, 1, 1, tzinfo=UTC), "ends_on": None}, ()),
    ],
)
def test_faults_after_the_end_are_what_could_be_done_when_all_is_over(change, faults):
    assert service.faults_after_the_end(replace(DETAILS, **change)) == faults


@pytest.mark.parametrize("ends_at", [None, time(17), time(0)])
def test_an_edition_ends_at_one_moment_whoever_asks(session, ends_at):
    """Its pages, calendars and letters, and the form that lets registration stay open until then."""
    second = timedelta(seconds=1)
    edition = create(session, details=replace(DETAILS, ends_at=ends_at))
    over = edition.finishes_at()
    assert over == from_zone(date(2027, 6, 5 if ends_at else 6), ends_at or time(0), "Europe/Prague")
    assert edition.is_over(over) and not edition.is_over(over - second)
    open_until = {
        moment: replace(DETAILS, ends_at=ends_at, registration_closes_at=moment) for moment in (over, over + second)
    }
    faults = [service.faults_after_the_end(details) for details in open_until.values()]
    assert faults == [(), (Fault.CLOSES_AFTER_THE_END,)]


def test_copy_edition_takes_texts_and_moves_dates_to_the_same_weekdays(session):
    create(session)
    copy = service.copy_edition(session, 2027, 2028, CHAIR, NOW)
    weeks = timedelta(days=364)
    assert (copy.year, copy.status, copy.is_demo) == (2028, EditionStatus.DRAFT, False)
    assert (copy.starts_on, copy.ends_on) == (date(2028, 6, 1), date(2028, 6, 3))
    assert service.details_of(copy) == replace(
        DETAILS,
        starts_on=date(2028, 6, 1),
        ends_on=date(2028, 6, 3),
        registration_opens_at=datetime(2027, 1, 11, 8, tzinfo=UTC) + weeks,
        registration_closes_at=datetime(2027, 5, 16, 22, tzinfo=UTC) + weeks,
    )
    assert labels(session, copy) == list(CATEGORIES)


def test_copy_edition_keeps_the_hour_when_summer_time_moves(session):
    opens_at = datetime(2027, 3, 29, 7, tzinfo=UTC)
    create(session, details=replace(DETAILS, registration_opens_at=opens_at))
    copy = service.copy_edition(session, 2027, 2029, CHAIR, NOW)
    assert copy.registration_opens_at == from_zone(date(2029, 3, 26), time(9), DETAILS.zone)


def test_copy_edition_copies_what_there_is_when_dates_are_unknown(session):
    create(session, details=service.EditionDetails(city="Niš", country="RS", zone="Europe/Belgrade"))
    copy = service.copy_edition(session, 2027, 2028, CHAIR, NOW)
    assert (copy.city, copy.starts_on, copy.registration_opens_at) == ("Niš", None, None)


def test_copy_edition_is_refused_when_there_is_nothing_to_copy_or_no_room(session):
    create(session)
    with pytest.raises(service.NoSuchEdition):
        service.copy_edition(session, 2020, 2028, CHAIR, NOW)
    with pytest.raises(service.EditionExists):
        service.copy_edition(session, 2027, 2027, CHAIR, NOW)


def test_change_edition_notes_the_changed_fields_only(session):
    edition = create(session)
    later = replace(DETAILS, summary="Four days.", registration_closes_at=datetime(2027, 5, 20, 22, tzinfo=UTC))
    assert service.change_edition(session, edition.id, later, CHAIR, NOW)
    entry = trail(session)[-1]
    assert (entry.act, entry.scope) == ("edition_changed", "2027")
    assert entry.details == {
        "changes": {
            "summary": ["Three days.", "Four days."],
            "registration_closes_at": ["2027-05-16T22:00:00+00:00", "2027-05-20T22:00:00+00:00"],
        }
    }
    assert edition.revision == 0


def test_change_edition_does_nothing_when_nothing_differs(session):
    edition = create(session)
    before = len(trail(session))
    assert not service.change_edition(session, edition.id, DETAILS, CHAIR, NOW)
    assert (len(trail(session)), edition.revision) == (before, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"city": "Brno"},
        {"venue": None},
        {"venue_address": "Square 2"},
        {"zone": "Europe/Sofia"},
        {"starts_on": date(2027, 6, 2)},
        {"starts_at": time(10)},
        {"ends_on": date(2027, 6, 4), "ends_at": time(12)},
    ],
)
def test_change_edition_counts_a_revision_when_place_or_time_change(session, change):
    edition = create(session)
    service.change_edition(session, edition.id, replace(DETAILS, **change), CHAIR, NOW)
    assert edition.revision == 1


def test_publish_edition_shows_it_once(session):
    edition = create(session)
    assert service.publish_edition(session, edition.id, CHAIR, NOW)
    assert not service.publish_edition(session, edition.id, CHAIR, NOW)
    assert edition.status == EditionStatus.PUBLISHED
    assert [e.act for e in trail(session)].count("edition_published") == 1


@pytest.mark.parametrize("field", service.NEEDED_TO_PUBLISH)
def test_publish_edition_is_refused_when_something_is_missing(session, field):
    without: dict[str, Any] = {field: None}
    edition = create(session, details=replace(DETAILS, **without))
    with pytest.raises(service.NotReady) as refusal:
        service.publish_edition(session, edition.id, CHAIR, NOW)
    assert refusal.value.missing == (field,)


def test_publish_edition_names_all_that_is_missing(session):
    edition = create(session, details=replace(DETAILS, contact_name="", starts_at=None), categories=())
    with pytest.raises(service.NotReady) as refusal:
        service.publish_edition(session, edition.id, CHAIR, NOW)
    assert refusal.value.missing == ("starts_at", "contact_name", "categories")


def test_a_published_edition_keeps_what_it_needs(session):
    edition = create(session)
    service.publish_edition(session, edition.id, CHAIR, NOW)
    with pytest.raises(service.NotReady):
        service.change_edition(session, edition.id, replace(DETAILS, contact_email=None), CHAIR, NOW)
    with pytest.raises(service.NotReady):
        service.set_categories(session, edition.id, (), CHAIR, NOW)


def test_archive_edition_is_final(session):
    edition = create(session)
    with pytest.raises(service.EditionNotPublished):
        service.archive_edition(session, edition.id, CHAIR, NOW)
    service.publish_edition(session, edition.id, CHAIR, NOW)
    assert service.archive_edition(session, edition.id, CHAIR, NOW)
    assert not service.archive_edition(session, edition.id, CHAIR, NOW)
    with pytest.raises(service.EditionArchived):
        service.publish_edition(session, edition.id, CHAIR, NOW)


def test_acts_are_refused_when_there_is_no_such_edition(session):
    with pytest.raises(service.NoSuchEdition):
        service.publish_edition(session, 999, CHAIR, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_set_categories_adds_renames_moves_and_removes(session):
    edition = create(session)
    member = categories_of(session, edition.id)[0].id
    wanted = [("press", "Press"), ("member", "Members")]
    assert service.set_categories(session, edition.id, wanted, CHAIR, NOW)
    assert labels(session, edition) == wanted
    assert categories_of(session, edition.id)[1].id == member
    assert [c.slug for c in edition.categories] == ["press", "member"]
    assert trail(session)[-1].details == {"changes": {"categories": [dict(CATEGORIES), dict(wanted)]}}
    assert not service.set_categories(session, edition.id, wanted, CHAIR, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_set_categories_is_refused_when_a_used_one_would_go(session):
    edition = create(session)
    register_in(session, categories_of(session, edition.id)[1])
    with pytest.raises(service.CategoryInUse) as refusal:
        service.set_categories(session, edition.id, [("member", "Member")], CHAIR, NOW)
    assert refusal.value.label == "Guest"
    assert labels(session, edition) == list(CATEGORIES)
    assert service.set_categories(session, edition.id, [("guest", "Guests")], CHAIR, NOW)


def test_set_categories_is_refused_when_one_comes_twice(session):
    edition = create(session)
    with pytest.raises(service.CategoryTwice):
        service.set_categories(session, edition.id, [("a", "A"), ("a", "B")], CHAIR, NOW)
    with pytest.raises(service.CategoryTwice):
        service.set_categories(session, edition.id, [("a", "Guest"), ("b", "GUEST")], CHAIR, NOW)
