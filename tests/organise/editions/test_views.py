"""Creating, copying, changing, publishing and archiving an edition on its pages."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from dofc_events.accounts.rules import RoleName
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus
from dofc_events.conference.service import DAYS, MOMENTS, SIGN_UP_MOMENTS
from dofc_events.core.errors import ChangedMeanwhile
from dofc_events.delegates.models import Registration, SearchWord
from dofc_events.hosting.hand_over.service import ItemDetails, add_file, add_item
from dofc_events.hosting.models import Decision
from dofc_events.hosting.rules import HandOverKind
from dofc_events.letters.models import Letter
from dofc_events.letters.rules import Anchor
from dofc_events.letters.service import LetterText, write_letter
from dofc_events.organise.editions.service import change_year
from dofc_events.organise.overview.service import put_off
from dofc_events.places.models import Claim, Pool
from dofc_events.places.queries import edition_pool
from dofc_events.privacy.models import KeptFor
from dofc_events.privacy.rules import Period
from dofc_events.registration.queries import Audience
from dofc_events.registration.saved.service import save_view
from dofc_events.registration.service import cancel_registration, resize_edition
from dofc_events.trips.models import Trip
from dofc_events.web.attachments.rules import CheckedFile
from tests.organise.editions.conftest import settings
from tests.support.factories import (
    DELEGATE,
    NOW,
    make_account,
    make_edition,
    make_question,
    make_registration,
    make_trip,
)
from tests.support.hosting import make_call
from tests.support.memory import make_outcome
from tests.support.photographs import make_photograph

DAY = timedelta(days=1)

# Its figures


def test_figures_agree_with_the_lists_they_lead_to(organiser, writing, year):
    with writing() as session:
        for _number in range(5):
            make_registration(session, edition_by_year(session, year))
    page = organiser.get(f"/organise/editions/{year}/")
    links = page.all("dl.figures a")
    assert [int(link.text.split()[0]) for link in links] == [2, 0, 3, 0]
    for link in links:
        assert organiser.get(link["href"]).one("[data-total]")["data-total"] == link.text.split()[0]
    assert "free of 2 places" in page.text


def test_figures_have_requests_where_there_are_any(organiser, writing, year):
    with writing() as session:
        edition = edition_by_year(session, year)
        edition.categories[0].needs_approval = True
        session.flush()
        make_registration(session, edition, category=edition.categories[0].slug)
    link = organiser.get(f"/organise/editions/{year}/").one("dl.figures a[href*='status=requested']")
    assert link.text == "1" == organiser.get(link["href"]).one("[data-total]")["data-total"]


def test_edition_of_the_past_has_pages_without_figures(enter, writing):
    with writing() as session:
        make_edition(session, year=2015, status="archived").country = "RO"
        session.delete(edition_pool(session, edition_by_year(session, 2015).id))
    chair = enter("chair")
    page = chair.get("/organise/editions/2015/")
    assert "not kept here" in page.text
    chair.get("/organise/editions/2015/take-out").form().submit()
    assert settings(chair, 2015, "texts").form().fill(summary="Once.").submit().h1 == "Texts"


def test_edition_without_times_of_day_shows_its_days_only(enter, writing):
    with writing() as session:
        make_edition(session, year=2015, status="archived", starts_at=None, ends_at=None)
    page = enter("chair").get("/organise/editions/2015/")
    days = {row.select_one("dt").text: row.select_one("dd").get_text(strip=True) for row in page.all("dl.facts > div")}
    assert (days["Begins"], days["Ends"]) == ("Friday 21 May 2027", "Sunday 23 May 2027")


def test_archived_edition_says_that_nothing_can_be_changed(enter, writing):
    with writing() as session:
        make_edition(session, year=2030, status="archived")
    page = enter("chair").get("/organise/editions/2030/")
    assert "Archived: nothing can be changed." in page.text
    assert "Delegates can change" not in page.text and "closed at" not in page.text


# New ones


def test_new_edition_is_a_draft_with_places(enter, now_is):
    form = enter("chair").get("/organise/").follow("New edition").form()
    page = form.fill(year=2029, city="Niš", country="RS", zone="Europe/Belgrade", capacity=120).submit()
    assert page.url == "/organise/editions/2029/settings"
    edition, pool = now_is(2029)
    assert (edition.status, edition.city, edition.zone, pool.capacity) == ("draft", "Niš", "Europe/Belgrade", 120)
    assert edition.categories


def test_new_edition_has_no_time_zone_until_one_is_chosen(enter):
    page = enter("chair").get("/organise/editions/new")
    assert page.form().value("zone") == ""
    assert page.one("#country").has_attr("data-type-ahead")
    assert page.all('head script[src*="country"]')
    page = page.form().fill(year=2029, city="Niš", country="RS", capacity=1).submit()
    assert page.status == 422
    assert page.one("#zone-error").get_text(strip=True).endswith("Choose a time zone.")


def test_new_edition_keeps_what_was_typed_when_something_is_missing(enter):
    form = enter("chair").get("/organise/editions/new").form()
    page = form.fill(year="soon", city="Niš", country="RS", zone="Europe/Belgrade", capacity=-1).submit()
    assert page.status == 422
    assert (page.form().value("city"), page.form().value("capacity")) == ("Niš", "-1")
    assert len(page.all(".error-summary li")) == 2


def test_new_edition_is_refused_for_a_year_that_has_one(enter, year):
    form = enter("chair").get("/organise/editions/new").form()
    page = form.fill(year=year, city="Niš", country="RS", zone="Europe/Belgrade", capacity=1).submit()
    assert page.status == 422
    assert f"There is already an edition for {year}." in page.text


def test_copy_takes_over_categories_dates_and_places(enter, edition, year, now_is):
    page = enter("chair").get(f"/organise/editions/{year}/").follow("Copy for another year")
    assert (page.form().value("year"), page.form().value("capacity")) == (str(year + 1), "2")
    page = page.form().fill(city="Niš", country="RS", zone="Europe/Belgrade").submit()
    assert page.url == f"/organise/editions/{year + 1}/"
    copy, pool = now_is(year + 1)
    assert (copy.status, pool.capacity, pool.taken) == ("draft", 2, 0)
    assert [c.slug for c in copy.categories] == [c.slug for c in edition.categories]
    assert copy.starts_on.weekday() == edition.starts_on.weekday()


# From draft to archive


def test_publishing_asks_first(enter, client, draft):
    chair = enter("chair")
    page = chair.get(f"/organise/editions/{draft}/").follow("Publish")
    assert client.get(f"/editions/{draft}/").status == 404
    page = page.form().submit()
    assert "Days of Clusters 2031 has been published." in page.text
    assert client.get(f"/editions/{draft}/").status == 200


def test_publishing_names_the_trips_that_have_no_seats_yet(enter, writing, draft):
    with writing() as session:
        for title, capacity in (("Mill", 20), ("Wine", 0)):
            make_trip(session, edition_by_year(session, draft), title=title, capacity=capacity)
    said = enter("chair").get(f"/organise/editions/{draft}/publish").one(".notice-warning").text
    assert "“Wine” has no seats yet: everyone" in said and "“Mill” has no seats" not in said


def test_publishing_is_refused_with_a_list_of_what_is_missing(enter, writing, now_is, draft):
    chair = enter("chair")
    form = chair.get(f"/organise/editions/{draft}/publish").form()
    with writing() as session:
        edition = edition_by_year(session, draft)
        edition.starts_on = edition.contact_name = None
        session.delete(edition_pool(session, edition.id))
    page = form.submit()
    assert page.status == 422
    for words in ("the first day", "a contact name", "the number of places"):
        assert words in page.text, words
    assert "the last day" not in page.text
    assert now_is(draft)[0].status == "draft"
    assert "the first day" in chair.get(f"/organise/editions/{draft}/").text


def test_archiving_asks_first_and_says_what_it_means(organiser, writing, now_is, year):
    with writing() as session:
        for _number in range(3):
            make_registration(session, edition_by_year(session, year), now=NOW)
    page = organiser.get(f"/organise/editions/{year}/").follow("Archive")
    assert "This edition is not over yet. Its last day is Sunday 23 May 2027." in page.text
    assert "people who can no longer come have no way to cancel" in page.text
    assert "All pages will say that it has been cancelled" in page.text
    assert "No email will tell the 2 people with a confirmed place." in page.text
    assert page.follow("Write to them first").one("h1").text == "Write a letter"
    assert "1 person is still waiting" in page.text
    assert now_is()[0].status == "published"
    page = page.form().submit()
    assert f"Days of Clusters {year} has been archived." in page.text
    assert now_is()[0].status == "archived"


def test_archiving_says_how_many_offers_end_with_it(organiser, writing, year):
    with writing() as session:
        edition = edition_by_year(session, year)
        resize_edition(session, edition.id, 4, DELEGATE, NOW)
        make_trip(session, edition, "wine", capacity=1)
        people = [make_registration(session, edition, trips=("wine",), now=NOW) for _ in range(6)]
        for person in people[:2]:
            cancel_registration(session, person.id, DELEGATE, NOW)
    page = organiser.get(f"/organise/editions/{year}/archive")
    assert "still waiting" not in page.text
    # Two places, and the seat that the first of the others has moved up to.
    assert "3 people have open offers of places or seats, which will end; they will be told by email." in page.text


def test_archiving_counts_those_who_wait_for_approval_among_those_who_are_told(organiser, writing, year):
    with writing() as session:
        edition = edition_by_year(session, year)
        asks = next(one for one in edition.categories if one.slug == "company")
        asks.needs_approval = True
        make_registration(session, edition, now=NOW)
    page = organiser.get(f"/organise/editions/{year}/archive")
    assert "1 person is still waiting for a place" in page.text and "open offer" not in page.text


def test_the_pages_of_an_archived_edition_stay_when_its_people_are_erased(organiser, writing, year):
    with writing() as session:
        edition = edition_by_year(session, year)
        make_trip(session, edition, title="Wine growers")
        make_registration(session, edition), make_registration(session, edition, country="RS")
        offered = Claim.registration_id == make_registration(session, edition, country="BG").id
        session.execute(update(Claim).where(offered).values(status="offered", offered_until=NOW, position=None))
    assert "An offered place is held" in organiser.get(f"/organise/editions/{year}/").text
    organiser.get(f"/organise/editions/{year}/").follow("Archive").form().submit()
    before = organiser.get(f"/organise/editions/{year}/")
    assert "An offered place is held" not in before.text
    assert "when the edition was archived: 2." in before.text and "Wine growers" in before.text
    with writing() as session:
        session.execute(update(Pool).values(taken=0))
        for table in (SearchWord, Claim, Registration):
            session.execute(delete(table))
    after = organiser.get(f"/organise/editions/{year}/")
    figures = [
        [str(part) for part in page.all("dl.figures, #figures ~ *, .chart, .bars, .fill")] for page in (before, after)
    ]
    assert figures[0] == figures[1] and "Company" in after.text


def test_draft_cannot_be_archived(enter, draft):
    page = enter("chair").get(f"/organise/editions/{draft}/archive")
    assert "A draft cannot be archived" in page.text
    assert not page.all("main form")


def test_draft_is_looked_at_by_its_organisers_alone(enter, client, writing, draft):
    with writing() as session:
        edition = edition_by_year(session, draft)
    page = enter("organiser", edition).get(f"/organise/editions/{draft}/").follow("Preview the page")
    assert (page.status, page.url) == (200, f"/editions/{draft}/") and "Preview: only organisers" in page.text
    form = page.client.get(f"/organise/editions/{draft}/").follow("Preview the form")
    assert form.status == 200 and "Preview: only organisers" in form.text
    filled = {"given_name": "Ana", "email": "ana@dofc.test", "organisation": "Brno", "country": "CZ", "consent": True}
    sent = form.form().fill(filled, category=form.form().choices("category")[1]).submit()
    assert sent.status == 403 and "not open yet" in sent.text
    for other in (client, enter("organiser", make_and_get(writing, 2032))):
        for path in (f"/editions/{draft}/", f"/editions/{draft}/register"):
            assert other.get(path).status == 404


def make_and_get(writing, year):
    with writing() as session:
        return make_edition(session, year=year)


def test_form_of_a_draft_with_gaps_is_not_there_yet(enter, writing, draft):
    with writing() as session:
        edition_by_year(session, draft).starts_on = None
    chair = enter("chair")
    assert chair.get(f"/editions/{draft}/").status == 200
    assert chair.get(f"/editions/{draft}/register").status == 404


def test_draft_gets_another_year_with_all_that_was_prepared(enter, writing, now_is, draft):
    with writing() as session:
        make_trip(session, edition_by_year(session, draft))
        make_edition(session, year=2033)
    chair = enter("chair")
    chair.get(f"/organise/editions/{draft}/settings/texts").form().fill(summary="Ready.").submit()
    form = chair.get(f"/organise/editions/{draft}/").follow("Change the year").form()
    taken = form.fill(year=2033).submit()
    assert taken.status == 422 and "There is already an edition for 2033." in taken.text
    page = form.fill(year=2032, moves_dates=False).submit()
    assert page.url == "/organise/editions/2032/settings" and "Ready." in page.text
    assert chair.get(f"/organise/editions/{draft}/").status == 404
    asked = chair.get("/organise/editions/2032/publish")
    (said, *_others) = [item.text for item in asked.all(".notice-warning li")]
    assert said == "The first day is in 2027, but this is the 2032 edition."
    trail = chair.get("/organise/editions/2032/audit").text
    assert "Moved the draft from 2031 to 2032" in trail and "Changed the settings" in trail


def test_draft_that_somebody_else_moved_meanwhile_is_not_moved_unseen(reading, writing, draft):
    with reading() as session:
        edition_id = edition_by_year(session, draft).id
    with pytest.raises(ChangedMeanwhile), writing() as session:
        change_year(session, edition_id, 2033, DELEGATE, NOW, moves_dates=True, seen=2030)


def test_draft_takes_all_its_dates_along_to_another_year_on_the_same_weekdays(enter, writing, reading, draft):
    with writing() as session:
        edition = edition_by_year(session, draft)
        trip = make_trip(session, edition, title="Mill")
        edition.trips_open_at, edition.trips_close_at = trip.starts_at - 9 * DAY, trip.starts_at - 2 * DAY
        text = LetterText("News", "Dear", Anchor.ON_DAY, 0, sent_on=edition.starts_on - 5 * DAY)
        write_letter(session, edition.id, Audience(), text, DELEGATE, NOW)
    before = _dates(reading, draft)
    page = enter("chair").get(f"/organise/editions/{draft}/year")
    assert "The first day is now Friday 21 May 2027." in page.text
    page = page.form().fill(year=2032).submit()
    assert "All its dates have moved with it" in page.text
    after = _dates(reading, 2032)
    # A Friday again; in summer time, as before.
    assert after["starts_on"].isoformat() == "2032-05-21"
    distances = {name: after[name] - before[name] for name in before}
    assert set(distances.values()) == {1827 * DAY}, distances
    trail = enter("chair").get("/organise/editions/2032/audit").text
    assert "Changed “Mill”" in trail and "Changed sign-up for trips" in trail and "Changed the letter “News”" in trail


def _dates(reading, year: int) -> dict:
    with reading() as session:
        edition = edition_by_year(session, year)
        named = [*DAYS, *MOMENTS, *SIGN_UP_MOMENTS]
        dates = {name: getattr(edition, name) for name in named if getattr(edition, name)}
        trip = session.scalars(select(Trip)).one()
        return dates | {
            "trip": trip.starts_at,
            "back": trip.ends_at,
            "letter": session.scalars(select(Letter.sent_on)).one(),
        }


def test_draft_is_deleted_with_all_that_was_prepared(enter, writing, reading, draft):
    with writing() as session:
        edition = edition_by_year(session, draft)
        make_trip(session, edition)
        make_account(session, role=RoleName.ORGANISER, edition=edition)
        write_letter(session, edition.id, Audience(), LetterText("News", "Dear", Anchor.AT_ONCE, 0), DELEGATE, NOW)
        item = add_item(session, edition.id, HandOverKind.OPEN, ItemDetails("Keys"), DELEGATE, NOW)
        add_file(session, edition.id, item.id, CheckedFile("a.pdf", "application/pdf", b"%PDF-"), DELEGATE, NOW)
        make_question(session, edition, "room", "choice")
        make_outcome(session, edition)
        make_photograph(session, edition)
        save_view(session, edition.id, "Mine", "noted=1", DELEGATE, NOW)
        put_off(session, make_account(session).id, edition.id, "draft", NOW.date())
        session.add(KeptFor(edition_id=edition.id, period=Period.NEEDS, days=7))
    page = enter("chair").get(f"/organise/editions/{draft}/").follow("Delete the draft").form().submit()
    assert page.url == "/organise/" and "has been deleted" in page.text
    with reading() as session:
        assert edition_by_year(session, draft) is None
        assert session.scalars(select(Pool)).all() == [] == session.scalars(select(Trip)).all()


@pytest.mark.parametrize("path", ["year", "delete"])
def test_what_others_have_seen_stays_with_its_year(enter, year, writing, path):
    chair = enter("chair")
    page = chair.get(f"/organise/editions/{year}/{path}")
    assert page.status == 200 and "has been published" in page.text and page.all("main form") == []
    with writing() as session:
        edition_by_year(session, year).status = EditionStatus.DRAFT
    form = chair.get(f"/organise/editions/{year}/{path}").form()
    with writing() as session:
        edition_by_year(session, year).status = EditionStatus.PUBLISHED
    page = (form.fill(year=2040) if path == "year" else form).submit()
    assert page.status == 422 and "has been published" in page.text
    with writing() as session:
        assert edition_by_year(session, year) is not None


def test_draft_that_came_of_a_call_stays(enter, writing, draft):
    with writing() as session:
        call = make_call(session, draft)
        edition_id = edition_by_year(session, draft).id
        session.add(Decision(call_id=call.id, prepared_at=NOW, edition_id=edition_id))
    chair = enter("chair")
    overview = chair.get(f"/organise/editions/{draft}/").text
    assert "Change the year" not in overview and "Delete the draft" not in overview
    page = chair.get(f"/organise/editions/{draft}/delete").form().submit()
    assert page.status == 422 and "If it will not take place, leave it as a draft" in page.text
    page = chair.get(f"/organise/editions/{draft}/year").form().fill(year=2032).submit()
    assert page.status == 422 and "comes from a call for hosts" in page.text
