"""An edition's settings: what they keep, refuse, ask about and pass on."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from dofc_events.accounts.queries import roles_at
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.service import SettingsContradict, details_of
from dofc_events.core.audit import AuditEntry
from dofc_events.core.clock import end_of_day, in_zone
from dofc_events.groups.models import Group
from dofc_events.mail.models import Message
from dofc_events.organise.editions.settings.service import EditionWishes, change_settings
from dofc_events.registration.service import resize_edition
from dofc_events.registration.trips.service import choose_trips
from dofc_events.trips.queries import trip_by_slug
from tests.organise.editions.conftest import settings
from tests.support.factories import DELEGATE, NOW, make_account, make_edition, make_registration, make_trip
from tests.support.groups import make_promise

# Settings


def acts_after_the_invitation(session, year: int) -> list[str]:
    """What has been recorded of an edition since it has had an organiser."""
    query = select(AuditEntry.act).where(AuditEntry.scope == str(year)).order_by(AuditEntry.id)
    invited, *acts = session.scalars(query)
    assert invited == "role_added"
    return acts


PARTS = {
    "texts": ("summary", "programme", "cost", "languages", "dress", "faq"),
    "places": ("capacity", "offer_hours", "confirms_places"),
    "contact": ("contact_name", "contact_email"),
    "categories": ("categories",),
}


def part_of(filled) -> str:
    """The part of the settings that has these fields."""
    return next((part for part, names in PARTS.items() if next(iter(filled)).startswith(names)), "dates")


def test_settings_are_an_index_of_their_parts(organiser, year):
    page = organiser.get(f"/organise/editions/{year}/settings")
    links = [link["href"].rpartition("/")[2] for link in page.all("[data-parts] a")]
    assert links == ["texts", "dates", "places", "categories", "trips", "contact"]
    assert "0 of 2 places taken" in page.text and "Member of the network, Company, Guest" in page.text


def test_places_kept_for_delegations_are_not_said_to_be_taken(organiser, writing, now_is, year):
    with writing() as session:
        stored = session.merge(now_is()[0])
        make_registration(session, stored)
        make_promise(session, stored, places=1)
    assert "1 of 2 places taken, 1 kept for delegations" in organiser.get(f"/organise/editions/{year}/settings").text
    hint = settings(organiser, year, "places").one("#capacity-hint").get_text()
    assert "1 place is taken. 1 place is kept for delegations." in hint


def test_settings_that_nobody_touches_change_nothing(organiser, now_is, reading, year):
    before = {c.name: getattr(now_is()[0], c.name) for c in now_is()[0].__table__.columns}
    for part in (*PARTS, "dates"):
        page = settings(organiser, year, part).form().submit()
        assert "Settings saved." in page.text
    after = now_is()[0]
    assert {c.name: getattr(after, c.name) for c in after.__table__.columns} == before
    with reading() as session:
        assert acts_after_the_invitation(session, year) == []


def test_settings_keep_what_a_field_cannot_show(organiser, writing, now_is, year):
    # In Sofia the clocks go back at 4:00 on 31 October 2027: 3:30 comes twice, this is the second.
    twice = datetime(2027, 10, 31, 1, 30, 7, tzinfo=UTC)
    with writing() as session:
        edition_by_year(session, year).registration_closes_at = twice
    settings(organiser, year, "texts").form().fill(summary="New.").submit()
    assert now_is()[0].registration_closes_at == twice


def test_settings_are_times_in_the_editions_zone(organiser, now_is, year):
    form = settings(organiser, year, "dates").form()
    assert form.value("registration_opens_at") == "2026-10-03T15:00"
    form.fill(registration_opens_at="2026-12-01T09:00", freezes_at="2027-03-28T03:30").submit()
    edition, _pool = now_is()
    assert edition.registration_opens_at == datetime(2026, 12, 1, 7, tzinfo=UTC)
    # 3:30 does not exist on that day; it means an hour later.
    assert edition.freezes_at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_each_part_of_the_settings_is_saved_on_its_own(organiser, now_is, reading, year):
    texts = {"programme": "## Day one", "cost": "Free", "languages": "English", "dress": "Warm", "faq": "## Why?"}
    categories = {"categories-0-label": "Member", "categories-1-remove": True, "categories-4-label": "Преса"}
    for filled in (texts, {"venue": ""}, {"contact_email": "new@dofc.test"}, categories):
        settings(organiser, year, part_of(filled)).form().fill(filled).submit()
    page = settings(organiser, year, "places").form().fill(offer_hours="1.5", capacity=9).submit()
    assert (page.form().value("offer_hours"), page.form().value("capacity")) == ("1.5", "9")
    edition, pool = now_is()
    assert (edition.programme, edition.venue, edition.offer_hours, pool.capacity) == ("## Day one", None, 1.5, 9)
    assert (edition.cost, edition.languages, edition.dress, edition.faq) == ("Free", "English", "Warm", "## Why?")
    assert [(c.slug, c.label) for c in edition.categories] == [
        ("member", "Member"),
        ("guest", "Guest"),
        ("presa", "Преса"),
    ]
    with reading() as session:
        acts = acts_after_the_invitation(session, year)
    assert acts == [*["edition_changed"] * 3, "categories_changed", "edition_changed", "capacity_changed"]


def test_more_places_are_offered_to_the_waiting_list_at_once(organiser, writing, reading, year):
    with writing() as session:
        for _number in range(4):
            make_registration(session, edition_by_year(session, year))
    asked = settings(organiser, year, "places").form().fill(capacity=3, offer_hours=5).submit()
    assert asked.status == 422
    assert "1 person on the waiting list will be offered a place by email." in asked.one(".notice-warning").text
    assert asked.form().submit("Yes, save").form().value("offer_hours") == "5"
    page = organiser.get(f"/organise/editions/{year}/")
    assert [int(link.text.split()[0]) for link in page.all("dl.figures a")] == [2, 1, 1, 0]
    with reading() as session:
        assert len(session.scalars(select(Message).where(Message.kind == "registration-offered")).all()) == 1


def test_a_first_day_in_the_past_is_asked_about_with_whom_it_would_tell(organiser, writing, now_is, year):
    with writing() as session:
        for _number in range(5):
            make_registration(session, edition_by_year(session, year))
        resize_edition(session, edition_by_year(session, year).id, 3, DELEGATE, NOW)
    before = now_is()[0].starts_on
    asked = settings(organiser, year, "dates").form().fill(starts_on="2026-05-21", venue="Kept").submit()
    assert asked.status == 422
    assert [item.text for item in asked.all(".notice-warning li")] == [
        "“First day” is in the past.",
        f"The first day is in 2026, but this is the {year} edition.",
        "2 people on the waiting list will be told by email that it has closed.",
        "1 person has an open offer of a place or a seat, which will end; they will be told by email.",
    ]
    assert now_is()[0].starts_on == before
    # Somebody who sees the slip can correct it in the same form.
    asked.form().fill(starts_on=str(before)).submit("Save the settings")
    assert (now_is()[0].starts_on, now_is()[0].venue) == (before, "Kept")


def test_closing_registration_before_promised_places_end_is_asked_about(organiser, writing, now_is, year):
    with writing() as session:
        until = make_promise(session, edition_by_year(session, year), places=1).until
    form = settings(organiser, year, "dates").form()
    form.fill(registration_closes_at=f"{until + timedelta(days=1):%Y-%m-%dT%H:%M}").submit()
    earlier = f"{until - timedelta(days=1):%Y-%m-%dT%H:%M}"
    asked = settings(organiser, year, "dates").form().fill(registration_closes_at=earlier).submit()
    [item] = asked.all(".notice-warning li")
    assert item.text.startswith("Places are kept for 1 delegation until after registration closes.")
    asked.form().submit("Yes, save")
    assert now_is()[0].registration_closes_at < until


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"ends_on": "2072-05-22"}, "The edition would last 16439 days."),
        ({"zone": "Asia/Tokyo"}, "Clocks in Bulgaria do not show the time of this time zone."),
    ],
)
def test_what_is_more_likely_a_slip_is_asked_about(organiser, now_is, year, typed, said):
    asked = settings(organiser, year, "dates").form().fill(typed).submit()
    assert [item.text for item in asked.all(".notice-warning li")] == [said]
    assert asked.form().submit("Yes, save").status == 200
    assert {str(getattr(now_is()[0], name)) for name in typed} == {*typed.values()}


def test_trips_that_stay_behind_when_the_days_move_are_asked_about(organiser, writing, now_is, year):
    """The trips are on the days before, during and after 21-23 May."""
    with writing() as session:
        edition = edition_by_year(session, year)
        for title, days in (("Boat", -1), ("Mill", 0), ("Wine", 1), ("Lake", 3)):
            starts_at = edition.begins_at() + timedelta(days=days)
            make_trip(session, edition, title=title, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
        make_trip(session, edition, title="Off", cancelled_at=NOW)
    asked = settings(organiser, year, "dates").form().fill(starts_on="2027-05-22", ends_on="2027-05-24").submit()
    assert [item.text for item in asked.all(".notice-warning li")] == [
        "“Boat” would be 2 days away from the edition.",
        "“Mill” would be 1 day away from the edition.",
    ]
    assert "Settings saved." in asked.form().submit("Yes, save").text
    # Nobody is asked again about what was so before, or when the edition comes back to them.
    assert "Settings saved." in settings(organiser, year, "dates").form().fill(ends_on="2027-05-25").submit().text
    assert "Settings saved." in settings(organiser, year, "dates").form().fill(starts_on="2027-05-21").submit().text


def test_trips_that_were_there_before_the_days_are_asked_about_only_when_far_away(enter, writing):
    with writing() as session:
        edition = make_edition(session, year=2031, status="draft")
        make_trip(session, edition, title="Boat")
        edition.starts_on = edition.ends_on = None
    form = settings(enter("chair"), 2031, "dates").form()
    asked = form.fill(starts_on="2031-06-01", ends_on="2031-06-02").submit()
    assert "“Boat” would be" in asked.one(".notice-warning").text
    saved = asked.form().fill(starts_on="2027-05-23", ends_on="2027-05-24").submit("Save the settings")
    assert "“Boat”" not in saved.text


def test_another_zone_with_the_same_clock_is_not_asked_about(organiser, now_is, year):
    settings(organiser, year, "dates").form().fill(zone="Europe/Bucharest").submit()
    assert now_is()[0].zone == "Europe/Bucharest"


def test_seats_that_later_dates_make_possible_are_asked_about(organiser, writing, now_is, year):
    with writing() as session:
        edition = edition_by_year(session, year)
        trip = make_trip(session, edition, "steel", capacity=1)
        people = [make_registration(session, edition, trips=("steel",)) for _number in range(2)]
        edition.starts_on = edition.starts_on.replace(year=2020)
        choose_trips(session, people[0].id, (), any_trip=False, actor=DELEGATE, now=NOW)
        title = trip.title
    asked = settings(organiser, year, "dates").form().fill(starts_on="2027-05-20").submit()
    (said,) = asked.all(".notice-warning li")
    assert said.text == f"1 person on the waiting list of “{title}” will be offered a seat by email."


def test_times_of_day_stay_what_they_are_in_another_zone(organiser, writing, now_is, reading, year):
    closes_at, hour = datetime(2027, 3, 1, 16, tzinfo=UTC), timedelta(hours=1)
    with writing() as session:
        edition = edition_by_year(session, year)
        make_trip(session, edition, "steel")
        edition.trips_close_at = closes_at
        kept = make_promise(session, edition, places=1).until
        desk = make_account(session, "desk@dofc.test", role=RoleName.DESK, edition=edition).roles[0]
        desk.ends_at = end_of_day(date(2027, 5, 1), edition.zone)
        was = details_of(edition)
    settings(organiser, year, "dates").form().fill(zone="Europe/Belgrade").submit().form().submit("Yes, save")
    edition, _pool = now_is()
    assert edition.trips_close_at == closes_at + hour
    assert edition.registration_closes_at == was.registration_closes_at + hour
    assert edition.registration_opens_at == was.registration_opens_at + hour
    assert edition.starts_at == was.starts_at
    with reading() as session:
        trip, _seats = trip_by_slug(session, edition.id, "steel")
        assert in_zone(trip.starts_at, edition.zone).time() == time(9, 30)
        assert trip.revision == 1
        assert session.scalars(select(Group.until)).one() == kept + hour
        desk = next(role for role in roles_at(session, edition.id) if role.role == RoleName.DESK)
        assert desk.ends_at == end_of_day(date(2027, 5, 1), "Europe/Belgrade")
        changed = session.scalars(select(AuditEntry).where(AuditEntry.act == "edition_changed")).one()
        assert "trips_close_at" in changed.details["changes"]


def test_capacity_never_falls_below_what_is_taken(organiser, writing, now_is, year):
    with writing() as session:
        make_registration(session, edition_by_year(session, year))
        make_registration(session, edition_by_year(session, year))
    page = settings(organiser, year, "places").form().fill(capacity=1, offer_hours=5).submit()
    assert page.status == 422
    assert "Enter at least 2: that many places are taken" in page.one("#capacity-error").text
    assert page.form().value("capacity") == "1"
    edition, pool = now_is()
    assert (pool.capacity, pool.taken) == (2, 2)
    assert edition.offer_hours == 72


@pytest.mark.parametrize(
    ("filled", "field"),
    [
        ({"ends_on": "2027-01-01"}, "ends_on"),
        ({"registration_closes_at": "2026-01-01T10:00"}, "registration_closes_at"),
        ({"starts_on": "9999-12-31"}, "starts_on"),
        ({"freezes_at": "9999-12-31T23:59"}, "freezes_at"),
        ({"starts_on": ""}, "starts_on"),
        ({"contact_name": ""}, "contact_name"),
        ({"contact_email": "no address"}, "contact_email"),
        ({"offer_hours": "nan"}, "offer_hours"),
        ({"offer_hours": "-1"}, "offer_hours"),
        ({"capacity": "99999999999"}, "capacity"),
        ({"city": " "}, "city"),
        ({"categories-0-label": ""}, "categories-0-label"),
    ],
)
def test_settings_say_at_the_field_what_is_wrong(organiser, now_is, year, filled, field):
    page = settings(organiser, year, part_of(filled)).form().fill(filled).submit()
    assert page.status == 422
    assert page.one(f"#{field}-error").text.strip()
    assert page.all(f'.error-summary a[href="#{field}"]')
    assert now_is()[0].city == "Sofia"


@pytest.mark.parametrize(
    ("filled", "said"),
    [
        (
            {"ends_on": "2027-01-01", "registration_closes_at": "2026-01-01T10:00", "city": ""},
            {
                "city": "Enter the city.",
                "ends_on": "The last day is before the first day.",
                "registration_closes_at": "Registration must close after it opens.",
            },
        ),
        (
            {"registration_closes_at": "2027-06-01T10:00", "freezes_at": "2027-07-01T00:00"},
            {
                "registration_closes_at": "Registration must close before the edition ends.",
                "freezes_at": "Enter a time before the edition ends.",
            },
        ),
        (
            {"starts_on": "", "registration_closes_at": "2026-01-01T10:00", "zone": ""},
            {
                "zone": "Choose a time zone.",
                "starts_on": "Enter the first day: a published edition needs it.",
                "registration_closes_at": "Registration must close after it opens.",
            },
        ),
        (
            {"contact_email": "", "contact_name": ""},
            {
                "contact_name": "Enter a contact name: a published edition needs it.",
                "contact_email": "Enter a contact email address: a published edition needs it.",
            },
        ),
        # An error that could be about any field names its field in the summary; each is shown once.
        ({"starts_on": "9999-12-31"}, {"starts_on": "First day: Enter a year from 2000 to 2100."}),
        ({"venue": "x" * 201}, {"venue": "Venue: Use at most 200 characters."}),
        ({"capacity": "many"}, {"capacity": "Places: Enter a whole number from 0 to 100000."}),
        ({"offer_hours": "many"}, {"offer_hours": "Enter a number of hours from 0 to 2160."}),
        # Or those who wait would get a place that nobody confirms.
        (
            {"offer_hours": "0", "confirms_places": True},
            {"confirms_places": "This needs offers: enter how many hours an offered place is held."},
        ),
        ({"ends_at": "late"}, {"ends_at": "Ends at: Enter a time of day, for example 18:00."}),
        ({"ends_on": "late"}, {"ends_on": "Last day: Enter a day as year, month and day, for example 2029-06-14."}),
    ],
)
def test_settings_say_everything_that_is_wrong_at_once(organiser, year, filled, said):
    page = settings(organiser, year, part_of(filled)).form().fill(filled).submit()
    assert page.status == 422
    assert {link["href"]: link.get_text(strip=True) for link in page.all(".error-summary a")} == {
        f"#{field}": words for field, words in said.items()
    }


def test_settings_of_a_draft_may_have_gaps_but_no_disorder(enter, writing):
    with writing() as session:
        make_edition(session, year=2031, status="draft")
    form = settings(enter("chair"), 2031, "dates").form()
    page = form.fill(starts_on="", registration_closes_at="2026-01-01T10:00").submit()
    assert [link["href"] for link in page.all(".error-summary a")] == ["#registration_closes_at"]
    assert page.form().fill(registration_closes_at="").submit().status == 200


def test_settings_hold_the_rule_about_the_end_without_their_form_too(writing, year):
    with writing() as session:
        edition = edition_by_year(session, year)
        late = replace(details_of(edition), freezes_at=datetime(2040, 1, 1, tzinfo=UTC))
        wishes = EditionWishes(late)
        with pytest.raises(SettingsContradict):
            change_settings(session, edition.id, wishes, DELEGATE, NOW)


def test_another_zone_is_all_that_the_trail_says_was_changed(organiser, reading, year):
    """Lines of the programme are the same lines, however a browser ends them."""
    settings(organiser, year, "texts").form().fill(programme="09:00 doors\r\n10:00 begin").submit()
    asked = settings(organiser, year, "dates").form().fill(zone="Europe/Belgrade").submit()
    asked.form().submit("Yes, save")
    with reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.act == "edition_changed").order_by(AuditEntry.id))
        assert "programme" not in entries.all()[-1].details["changes"]


def test_zone_must_be_one_of_the_list(organiser, year):
    page = settings(organiser, year, "dates").form().forge(zone="../../etc/passwd").submit()
    assert page.status == 422
