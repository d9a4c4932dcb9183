"""Delegates bring accompanying persons: registrations like others, in a category of their own."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from dofc_events.groups.models import Group
from dofc_events.groups.service import change_contact
from dofc_events.mail.models import Message
from dofc_events.registration.hand_over.service import hand_over
from dofc_events.registration.trips.service import choose_trips
from dofc_events.trips.sign_ups.service import NoSuchTrip
from tests.registration.trips.conftest import tell_due
from tests.support.factories import DELEGATE, NOW, make_account, make_edition, make_registration, make_trip
from tests.support.groups import stand
from tests.support.letters import kinds, letters

MAIN = "main form.form-narrow"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def edition(writing):
    with writing() as session:
        edition = make_edition(session, year=2027, capacity=3, companions=2, companion_category="guest")
        make_trip(session, edition, "wine", title="Wine")
        make_trip(session, edition, "plant", title="Plant", takes_companions=False)
        return edition


@pytest.fixture
def own(client, writing, edition):
    with writing() as session:
        return registered(session, edition)


def registered(session, edition):
    registration = make_registration(session, edition, given_name="Vera", email="vera@dofc.test")
    return f"/registrations/{token_of(registration)}/"


def bring(client, own, *names):
    page = client.get(own).follow("Bring somebody with you")
    for _ in names[1:]:
        page = page.form(MAIN).submit("add")
    form = page.form(MAIN).fill(consent=True)
    form.fill({f"people-{number}-given_name": name for number, name in enumerate(names)})
    return form.submit("check").form(MAIN)


def test_accompanying_persons_hold_places_and_seats_like_others(client, own, edition, reading, writing):
    done = bring(client, own, "Milan", "Nada").submit("register")
    assert len(done.all("[data-member]")) == 3
    with reading() as session:
        assert {status for status, _ in stand(session, edition).values()} == {"confirmed"}
        milan = session.scalars(select(Registration).where(Registration.given_name == "Milan")).one()
        assert (milan.category.slug, milan.email_key, milan.organisation) == ("guest", None, "Trakya Cluster")
        page = f"/registrations/{token_of(milan)}/"
    assert client.get(f"{page}edit").form(MAIN).choices("category") == ["", "guest"]
    trips = client.get(f"{page}trips").form(MAIN)
    assert trips.choices("trips") == ["wine"]
    seat = trips.forge(trips=["wine", "plant"]).submit()
    assert seat.one("[data-trip=wine]")["data-trip-status"] == "confirmed"
    assert not seat.all("[data-trip=plant]"), "it cannot be chosen"
    assert "Plant" not in client.get(page).text
    with writing() as session, pytest.raises(NoSuchTrip):
        choose_trips(session, milan.id, ["plant"], any_trip=False, actor=DELEGATE, now=NOW)
    assert "Bring somebody with you" not in client.get(page).text


def test_nobody_brings_more_than_the_edition_allows(client, own, edition, reading):
    first, second = bring(client, own, "Milan"), bring(client, own, "Nada", "Olga")
    assert client.get(own).follow("Bring somebody").all("[data-brought]") == []
    first.submit("register")
    brought = client.get(own).follow("Bring somebody").one("[data-brought]")
    assert brought.text == "Milan"
    assert client.get(brought["href"]).one("h1").text == "You have a place, Milan"
    refused = second.submit("register")
    assert refused.status == 422
    assert "you can bring 1 more person." in refused.text
    last, too_late = bring(client, own, "Olga"), bring(client, own, "Petra")
    last.submit("register")
    assert "As many people as you can bring have already" in too_late.submit("register").text
    assert "As many people as you can bring have already" in client.get(own).follow("Bring somebody").text
    with reading() as session:
        assert len(stand(session, edition)) == 3


def test_they_count_for_the_registration_that_they_came_with_whoever_is_the_contact_or_has_it_by_now(
    client, own, reading, writing
):
    bring(client, own, "Milan").submit("register")
    with writing() as session:
        group = session.scalars(select(Group)).one()
        change_contact(
            session, group.id, "Zoja", "zoja@own.test", DELEGATE, NOW, seen=(group.contact_name, group.email)
        )
    assert "You can bring 1 person." in client.get(own).follow("Bring somebody").text
    bring(client, own, "Nada").submit("register")
    assert "As many people as you can bring" in client.get(own).follow("Bring somebody").text
    with writing() as session:
        vera = session.scalars(select(Registration).filter_by(given_name="Vera")).one()
        hand_over(session, vera.id, "Olga", "", "olga@own.test", DELEGATE, NOW)
        olgas = f"/registrations/{token_of(vera)}/"
        zojas = f"/registrations/{token_of(make_registration(session, vera.edition, email='zoja@own.test'))}/"
    assert "As many people as you can bring" in client.get(olgas).follow("Bring somebody").text
    assert "You can bring 2 people." in client.get(zojas).follow("Bring somebody").text


def test_whoever_registers_again_brings_no_more_than_before(client, own, edition, writing):
    bring(client, own, "Milan", "Nada").submit("register")
    client.get(f"{own}cancel").form("/cancel").submit()
    with writing() as session:
        again = registered(session, edition)
    assert "As many people as you can bring" in client.get(again).follow("Bring somebody").text


def test_accompanying_persons_stay_registered_when_the_delegate_cancels_which_is_said(client, own, reading):
    assert "stay registered" not in client.get(f"{own}cancel").text
    bring(client, own, "Milan", "Nada").submit("register")
    page = client.get(f"{own}cancel")
    assert "Milan, Nada will stay registered, unless you tick them below." in page.text
    cancelled = page.form("/cancel").submit()
    assert "Milan, Nada are still registered." in cancelled.text
    group = cancelled.follow("Open your group")
    assert len(group.all("[data-status=confirmed]")) == 2
    with reading() as session:
        message = session.scalars(select(Message).where(Message.kind == "registration-cancelled")).one()
        for body in (message.text, message.html):
            assert "Milan, Nada are still registered." in body and str(group.url) in body
    # What is about one of them leads to nobody else.
    group.follow("Open the registration of Milan").follow("Cancel this registration").form("/cancel").submit()
    assert "Nada is still registered." in client.get(own).text


def test_an_email_about_somebody_brought_along_names_them_in_its_subject_and_says_how_to_bring_them_again(
    client, own, edition, reading, writing, clock
):
    bring(client, own, "Milan").submit("register")
    with reading() as session:
        page = f"/registrations/{token_of(session.scalars(select(Registration).filter_by(given_name='Milan')).one())}/"
    cancelled = client.get(f"{page}cancel").form("/cancel").submit()
    assert "Bring somebody with you" in cancelled.text and "Register again" not in cancelled.text
    with writing() as session:
        tell_due(session, NOW + timedelta(minutes=10))
    with reading() as session:
        told = letters(session)[-1]
        assert told.subject == "Milan: Your registration for Days of Clusters 2027 has been cancelled"
        assert "The delegate who brings Milan can also press “Bring" in " ".join(told.text.split())
        assert "/register" not in told.text
    clock.move_to(edition.registration_closes_at)
    assert "Bring somebody with you" not in client.get(page).text


def test_somebody_else_who_types_the_address_is_not_shown_who_comes_with_it(client, own, edition, writing):
    bring(client, own, "Milan").submit("register")
    client.get(f"{own}cancel").form("/cancel").submit()
    with writing() as session:
        theirs = registered(session, edition)
    page = client.get(theirs).follow("Bring somebody")
    assert page.all("[data-brought]") == [] and "Milan" not in page.text


def test_whoever_gets_an_address_of_their_own_still_counts_and_the_contact_reads_whose_emails_end(
    client, own, edition, reading
):
    bring(client, own, "Milan", "Nada").submit("register")
    with reading() as session:
        milan = token_of(session.scalars(select(Registration).filter_by(given_name="Milan")).one())
    client.get(f"/registrations/{milan}/address").form("/address").fill(email="milan@own.test").submit()
    with reading() as session:
        (told,) = [one for one in letters(session, to="vera@dofc.test") if one.kind == "address-changed"]
        assert told.subject == "Emails about Milan no longer come to you, Days of Clusters 2027"
        assert "Your other links still work" in " ".join(told.text.split())
    page = client.get(own).follow("Bring somebody")
    assert "As many people as you can bring have already been registered." in page.text and "Milan" in page.text
    assert [tag.text for tag in page.all("[data-brought]")] == ["Nada"]


def test_whoever_takes_over_from_a_contact_is_not_shown_to_them(client, own, edition, writing):
    bring(client, own, "Milan").submit("register")
    page = client.get(f"{own}hand-over")
    assert "Milan will stay registered" in page.text
    group = client.get(page.link("Open your group"))
    assert all(tag.select_one("a") for tag in group.all("[data-member]"))
    typed = {"given_name": "Bojan", "email": "bojan@own.test"}
    sure = page.form(MAIN).fill(typed).submit()
    assert "Milan will stay registered" in sure.text
    sure.form("form").submit("sure")
    links = {tag.select_one("strong").text: tag.select_one("a") for tag in client.get(group.url).all("[data-member]")}
    assert links["Bojan"] is None and links["Milan"] is not None


def test_who_is_ticked_is_cancelled_as_well_and_nobody_else(client, own, edition, reading, writing):
    bring(client, own, "Milan", "Nada").submit("register")
    with writing() as session:
        stranger = make_registration(session, edition, given_name="Olga", email="olga@own.test").reference
    page = client.get(f"{own}cancel")
    milan = page.one("label:lexbor-contains('Milan')")["for"].removeprefix("with-")
    cancelled = page.form("/cancel").forge({"with": [milan, stranger]}).submit()
    assert "Cancelled for Milan as well." in cancelled.text and "Nada is still registered." in cancelled.text
    with reading() as session:
        statuses = {name: status for name, (status, _) in stand(session, edition).items()}
        assert statuses == {"Vera": "cancelled", "Milan": "cancelled", "Nada": "confirmed", "Olga": "offered"}
        assert faults(session) == []
        [message] = session.scalars(select(Message).where(Message.kind == "registration-cancelled"))
        assert "Nada is still registered" in message.text and "You have also cancelled for Milan." in message.text
    assert page.form("/cancel").submit().status == 200, "sent again it changes nothing"


def test_a_delegate_who_corrects_the_address_stays_the_contact(client, own, edition, reading, writing):
    bring(client, own, "Milan").submit("register")
    page = client.get(f"{own}address")
    assert "Emails about Milan will go to the new address, too" in page.text
    own = page.form("/address").fill(email="vera@new.test").submit().url
    assert "You can bring 1 person." in client.get(own).follow("Bring somebody").text
    assert client.get(own).follow("Add a colleague").url.endswith("/add"), "to the group that there is"
    with reading() as session:
        group = session.scalars(select(Group)).one()
        milan = session.scalars(select(Registration).where(Registration.given_name == "Milan")).one()
        assert (group.email, group.email_key, milan.email) == ("vera@new.test",) * 3
        assert kinds(session, to="vera@new.test") == ["group-link", "registration-confirmed"]
        assert faults(session) == []


def test_one_person_without_a_free_place_is_asked_for_no_choice(client, own, edition, reading, writing):
    with writing() as session:
        make_registration(session, edition, given_name="Olga", email="olga@own.test")
        make_registration(session, edition, given_name="Petra", email="petra@own.test")
    check = bring(client, own, "Milan")
    assert "Milan will join the waiting list" in check.page.text and check.page.all("[type=radio]") == []
    done = check.submit("register")
    assert [row["data-status"] for row in done.all("[data-member]")] == ["confirmed", "waitlisted"]


@pytest.mark.usefixtures("edition")
def test_their_category_cannot_be_chosen_otherwise(client, own):
    form = client.get("/editions/2027/register").form(MAIN)
    assert "guest" not in form.choices("category")
    add = client.get(own).follow("Add a colleague").form(MAIN)
    assert "guest" not in add.choices("people-0-category")
    values = {"given_name": "Milan", "organisation": "Dom", "country": "RS"}
    add.fill({f"people-0-{name}": value for name, value in values.items()}).fill(consent=True)
    assert add.forge({"people-0-category": "guest"}).submit("check").status == 422


def test_organisers_find_what_the_contact_was_told_of_somebody_without_an_address(client, own, edition, writing):
    bring(client, own, "Milan").submit("register")
    with writing() as session:
        account = make_account(session, role="organiser", edition=edition)
        milan = session.scalars(select(Registration).filter_by(given_name="Milan")).one().reference
    person = client.sign_in(account).get(f"/organise/editions/2027/registrations/{milan}")
    emails = person.follow("All emails to the contact")
    assert "1 person registered for Days of Clusters 2027" in emails.text


def test_organisers_say_how_many_and_in_which_category(client, writing, edition):
    with writing() as session:
        account = make_account(session, role="organiser", edition=edition)
    organiser = client.sign_in(account)
    places = "/organise/editions/2027/settings/places"
    assert organiser.get(places).form(MAIN).fill(companion_category="").submit().status == 422
    with writing() as session:
        make_registration(session, edition, given_name="Vera", category="company")
    asked = organiser.get(places).form(MAIN).fill(companion_category="company").submit()
    assert asked.status == 422
    assert "1 person is registered as “Company”, which delegates could no longer choose." in asked.text
    organiser.get(places).form(MAIN).fill(companions="1", companion_category="member").submit()
    form = organiser.get(places).form(MAIN)
    assert (form.value("companions"), form.value("companion_category")) == ("1", "member")
