"""A secretary registers several people, through HTTP only."""

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.models import Edition
from dofc_events.core.audit import COMMAND
from dofc_events.core.references import sign
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from dofc_events.extensions import settings
from dofc_events.groups.queries import token_of_group
from dofc_events.groups.rules import MAX_PEOPLE
from dofc_events.mail.models import Message
from dofc_events.places.limits.service import set_limit
from dofc_events.places.queries import edition_pool
from dofc_events.questions.queries import answered_by
from dofc_events.registration.service import correct_address
from dofc_events.registration.trips.service import cancel_trip
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_question, make_registration, make_three_trips, seats_of
from tests.support.groups import CONTACT, make_group, make_promise, someone, stand
from tests.support.letters import kinds, letters
from tests.support.pages import Client

NEW = "/groups/new/2027"
MAIN = "main form.form-narrow"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def filled(client, *names: str, address: str = NEW):
    """The form with these people, none of whom has an address."""
    page = client.get(address)
    for _ in names[1:]:
        form = fill_people(page.form(MAIN), names)
        page = form.submit("add")
    form = fill_people(page.form(MAIN), names).fill(consent=True)
    if "contact_name" in form.values:
        form.fill(contact_name=CONTACT.name, contact_email=CONTACT.email)
    return form


def fill_people(form, names):
    for number, name in enumerate(names):
        if f"people-{number}-given_name" in form.values:
            values = {"given_name": name, "organisation": "Trakya Cluster", "country": "TR", "category": "company"}
            form.fill({f"people-{number}-{field}": value for field, value in values.items()})
    return form


def of(session, name: str) -> Registration:
    return session.scalars(select(Registration).where(Registration.given_name == name)).one()


def test_several_people_are_registered_after_a_look_at_all_of_them(client, edition, reading):
    assert "after the conference" in client.get(NEW).one("main a[href='/privacy']").parent.text
    form = filled(client, "Ana", "Boro", "Ceca")
    form.fill({"people-1-email": "boro@own.test", "people-2-dietary": "No nuts", "people-0-photo_consent": True})
    form.fill({"people-2-given_name": "Minjun", "people-2-family_name": "Kim", "people-2-country": "KR"})
    check = form.submit("check")
    assert check.status == 200 and [name.text for name in check.all(".facts strong")] == ["Ana", "Boro", "Kim Minjun"]
    assert "There are places for all 3." in check.text
    assert "Dietary needs: No nuts" in check.text and check.text.count("Dietary needs") == 1
    done = check.form(MAIN).submit("register")
    assert done.h1 == "Your group"
    assert [tag["data-status"] for tag in done.all("[data-member]")] == ["confirmed"] * 3
    with reading() as session:
        assert list(stand(session, edition)) == ["Ana", "Boro", "Minjun"]
    assert done.follow("Open the registration of Kim Minjun").one("[data-registration-status]")
    assert "Emails go to the contact" in done.text


@pytest.mark.usefixtures("edition")
def test_what_was_typed_stays_while_people_are_added_removed_and_changed(client):
    form = filled(client, "Ana", "Boro")
    page = form.submit("remove people-0")
    again = page.form(MAIN)
    assert again.value("people-1-given_name") == "Boro"
    assert "people-0-given_name" not in again.values
    check = again.submit("check")
    changed = check.form(MAIN).submit("change").form(MAIN)
    assert (changed.value("people-0-given_name"), changed.value("contact_email")) == ("Boro", CONTACT.email)


@pytest.mark.usefixtures("edition")
def test_what_is_missing_is_said_of_each_person(client):
    page = client.get(NEW).form(MAIN).submit("add").form(MAIN).submit("check")
    assert page.status == 422
    wrong = {str(tag["name"]) for tag in page.all("[aria-invalid=true]")}
    assert wrong >= {f"people-{n}-{field}" for n in (0, 1) for field in ("given_name", "country", "category")}
    assert {"contact_name", "contact_email", "consent"} <= wrong


def test_two_people_with_one_address_are_refused(client, edition):
    form = filled(client, "Ana", "Boro").fill({"people-0-email": "a@own.test", "people-1-email": "A@own.test"})
    page = form.submit("check")
    assert page.status == 422
    assert "Somebody above has the same address" in page.text


@pytest.mark.parametrize(("choice", "statuses"), [("split", ["confirmed", "waitlisted"]), ("together", ["waitlisted"])])
def test_a_group_for_which_there_are_too_few_places_is_asked_first(client, writing, edition, choice, statuses):
    with writing() as session:
        for _ in range(27):
            make_registration(session, edition)
    check = filled(client, "Ana", "Boro", "Ceca", "Dana", "Ema").submit("check")
    asked = check.one("[data-asked]")
    assert (asked["data-asked"], asked["data-now"]) == ("5", "3")
    assert "3 now, and 2 on the waiting list" in check.text
    unanswered = check.form(MAIN).submit("register")
    assert unanswered.status == 422
    # Meanwhile somebody takes one of the three places.
    with writing() as session:
        make_registration(session, edition)
    changed = unanswered.form(MAIN).fill(choice=choice).submit("register")
    assert changed.status == 422
    assert changed.one("[data-now]")["data-now"] == "2"
    done = changed.form(MAIN).fill(choice=choice).submit("register")
    assert sorted({tag["data-status"] for tag in done.all("[data-member]")}) == statuses


def test_too_few_places_because_a_category_is_full_is_said_as_that(client, writing, edition):
    with writing() as session:
        limited = session.get_one(Edition, edition.id)
        category = next(one for one in limited.categories if one.slug == "company")
        set_limit(session, edition_pool(session, edition.id), category.id, 1)
        group = make_promise(session, limited, places=3)
        page = f"/groups/{token_of_group(group)}/"
    check = filled(client, "Ana", "Boro").submit("check")
    assert "Only 1 place is free for these 2 people. There are not enough places for: Company." in check.text
    assert "The first in the order above whose category has room" in check.text
    with writing() as session:
        two = [someone("Ana", "ana@own.test"), someone("Boro", "boro@own.test")]
        make_group(session, session.get_one(Edition, edition.id), two, choice="split", group_id=group.id)
    [waiting] = client.get(page).all("[data-status=waitlisted]")
    assert "All places for “Company” are taken." in waiting.get_text()
    assert "All places for “Company” are taken. Ana will join" in filled(client, "Ana").submit("check").text


def test_sending_the_form_twice_registers_once(client, edition, reading):
    form = filled(client, "Ana").submit("check").form(MAIN)
    assert form.submit("register").url == form.submit("register").url
    with reading() as session:
        assert len(stand(session, edition)) == 1


def test_others_typed_over_a_form_that_was_sent_are_registered_as_well(client, edition, reading):
    """Pressing Back brings the form with its key: whoever is typed over the first is somebody else."""
    form = filled(client, "Ana", "Boro")
    group = form.submit("check").form(MAIN).submit("register")
    back = fill_people(form, ["Ana", "Ceca"]).submit("check").form(MAIN).submit("register")
    assert back.status == 422 and "This form has already registered Ana, Boro." in back.text
    assert back.one("main form").get("action") == f"{group.url}add"
    left = back.form(MAIN)
    assert [left.value(name) for name in left.names if name.endswith("-given_name")] == ["Ceca"]
    done = left.submit("check").form(MAIN).submit("register")
    assert done.url == group.url and len(done.all("[data-member]")) == 3
    again = fill_people(form, ["Ana", "Boro"]).submit("check").form(MAIN).submit("register")
    assert again.url == group.url and "Nothing has been changed now." in again.text
    with reading() as session:
        assert len(stand(session, edition)) == 3


def test_colleagues_typed_into_a_form_that_is_older_than_the_group_are_registered(client, writing, edition):
    with writing() as session:
        address = f"/groups/with/{token_of(make_registration(session, edition, email='vera@own.test'))}"
    form = filled(client, "Ana", address=address)
    assert form.submit("check").form(MAIN).submit("register").status == 200
    back = fill_people(form, ["Boro"]).submit("check").form(MAIN).submit("register")
    assert back.status == 422
    done = back.form(MAIN).submit("check").form(MAIN).submit("register")
    assert [tag["data-status"] for tag in done.all("[data-member]")] == ["confirmed"] * 3


def test_a_delegate_adds_a_colleague_from_the_own_page(client, writing, reading, edition):
    with writing() as session:
        token = token_of(make_registration(session, edition, email="vera@own.test", given_name="Vera"))
    own = client.get(f"/registrations/{token}/")
    add = own.follow("Add a colleague")
    done = filled(client, "Ana", address=add.url).submit("check").form(MAIN).submit("register")
    assert [tag["data-status"] for tag in done.all("[data-member]")] == ["confirmed"] * 2
    more = client.get(f"/registrations/{token}/").follow("Add a colleague")
    done = filled(client, "Boro", address=more.url).submit("check").form(MAIN).submit("register")
    assert len(done.all("[data-member]")) == 3
    with reading() as session:
        assert kinds(session, to="vera@own.test") == ["registration-confirmed", "group-registered", "group-registered"]


def test_nobody_is_told_to_have_nothing_to_do_whom_the_organisers_ask_something(client, writing, reading, edition):
    with writing() as session:
        make_question(session, session.get_one(Edition, edition.id), "cv", "file", required=True)
    form = filled(client, "Ana").fill({"people-0-email": "ana@own.test"}).submit("check").form(MAIN)
    assert f"1 person has been registered. We will email the links to {CONTACT.email}." in form.submit("register").text
    with reading() as session:
        [hers], [contacts] = letters(session, to="ana@own.test"), letters(session, to=CONTACT.email)
    for part in (hers.text, hers.html):
        assert "please answer them" in part and "need to do anything else" not in part
    for part in (contacts.text, contacts.html):
        assert "This person has a registration" in part and "The organisers have a few more questions." in part


def test_whoever_takes_the_address_of_the_contact_does_not_become_the_contact(client, writing, edition):
    """Nobody has proved that it is theirs."""
    with writing() as session:
        made = make_group(session, edition, [someone("Ana", email="ana@own.test"), someone("Boro")])
        (ana, *_others) = (person.registration for person in made.people)
        token = correct_address(session, ana.id, CONTACT.email, DELEGATE, NOW).token
    assert client.get(f"/groups/with/{token}").url == f"/groups/with/{token}", "a group of her own"


def test_a_forged_link_opens_nothing(client, writing, edition):
    with writing() as session:
        group = make_group(session, edition, [someone("Ana")]).group
        reference, own = group.reference, token_of(session.merge(group) and make_registration(session, edition))
        other_purpose = sign(settings().keys, "registration", reference, 1)
    for token in ("x", own, other_purpose, f"{reference}.1"):
        for path in ("", "add"):
            assert client.get(f"/groups/{token}/{path}").status == 404


@pytest.mark.databases("sqlite")
@pytest.mark.usefixtures("edition")
def test_people_of_groups_count_as_forms_of_one_network(make_app):
    client = Client(make_app(rate_limits=True))
    form = filled(client, "Ana", "Boro")
    second = {name.partition("-1-")[2]: value for name, value in form.values.items() if name.startswith("people-1-")}
    for number in range(2, 20):
        form.forge({f"people-{number}-{field}": value for field, value in second.items()})
        form.forge({f"people-{number}-given_name": f"Boro {number}"})
    form = form.submit("check").form(MAIN)
    statuses = []
    for number in range(4):
        form.forge(form_key=f"key-number-{number}-of-a-form")
        for person in range(20):
            form.forge({f"people-{person}-family_name": f"Round {number}"})
        statuses.append(form.submit("register").status)
    assert statuses[:2] == [200, 422]
    assert statuses[-1] == 429


@pytest.fixture
def asking(writing, edition):
    """An edition that asks for a room, of which two are single, and has trips, two of them at the same time."""
    with writing() as session:
        stored = session.merge(edition)
        options = ("Single", "Double")
        make_question(session, stored, "room", options=options, places={"single": 2}, required=True)
        make_question(session, stored, "flight", "text", shown_when="room", shown_for=("single",))
        make_three_trips(session, stored, capacity=1)
        return stored


def test_each_person_is_asked_what_everybody_is(client, asking, reading):
    form = filled(client, "Ana", "Boro")
    refused = form.fill({"people-0-trips": ["wine", "mill"]}).submit("check")
    assert "Answer this question." in refused.text
    assert "take place at the same time: choose one of them." in refused.text
    again = refused.form(MAIN)
    assert again.values["people-0-trips"] == ["wine", "mill"]
    again.fill({"people-0-trips": ["wine"], "people-0-question-room": "single", "people-0-question-flight": "JU 123"})
    again.fill({"people-1-trips": ["wine", "port"], "people-1-question-room": "double"})
    again.fill({"people-1-question-flight": "Not asked of him"})
    check = again.submit("check")
    assert "Room? Single" in check.text and "JU 123" in check.text and "Not asked" not in check.one("main dl").text
    assert "Learning trips: Wine, Port" in check.text
    changed = check.form(MAIN).submit("change").form(MAIN)
    assert changed.values["people-1-trips"] == ["wine", "port"]
    assert changed.value("people-0-question-room") == "single"
    done = check.form(MAIN).submit("register")
    with reading() as session:
        ana, boro = (of(session, name) for name in ("Ana", "Boro"))
        assert (seats_of(session, ana), seats_of(session, boro)) == (
            {"wine": "confirmed"},
            {"wine": "waitlisted", "port": "confirmed"},
        )
        told = {one.key: one.words for one in answered_by(session, ana.id)}
        assert told == {"room": "Single", "flight": "JU 123"}
        assert [one.words for one in answered_by(session, boro.id)] == ["Double"]
        assert faults(session) == []
        message = session.scalars(select(Message).where(Message.kind == "group-registered")).one()
        assert "Wine: Seat confirmed" in message.text and "Wine: On the waiting list" in message.text
    assert "JU 123" in done.follow("Open the registration of Ana").text


def test_who_chooses_an_option_too_late_is_named_and_nothing_is_lost(client, writing, asking, reading):
    form = filled(client, "Ana", "Boro", "Ceca").fill({f"people-{n}-question-room": "single" for n in range(3)})
    refused = form.fill({"people-2-question-flight": "JU 123"}).submit("check")
    assert [tag["id"] for tag in refused.all("fieldset.field-wrong")] == ["people-2-question-room"]
    check = refused.form(MAIN).fill({"people-2-question-room": "double"}).submit("check").form(MAIN)
    # Meanwhile somebody takes one of the two.
    with writing() as session:
        make_registration(session, session.merge(asking), answers={"room": ("single",)})
    late = check.submit("register")
    assert late.status == 422
    assert [tag["id"] for tag in late.all("fieldset.field-wrong")] == ["people-1-question-room"]
    assert late.form(MAIN).value("people-2-question-flight") == "JU 123"
    with reading() as session:
        assert "Ana" not in stand(session, asking)
    late.form(MAIN).fill({"people-1-question-room": "double"}).submit("check").form(MAIN).submit("register")
    with reading() as session:
        assert len(stand(session, asking)) == 4
        assert faults(session) == []


def test_a_trip_that_is_called_off_meanwhile_is_said_of_whom(client, writing, asking, reading):
    form = filled(client, "Ana", "Boro").fill({f"people-{n}-question-room": "double" for n in range(2)})
    check = form.fill({"people-1-trips": ["port"]}).submit("check").form(MAIN)
    with writing() as session:
        cancel_trip(session, asking.id, "port", COMMAND, NOW)
    refused = check.submit("register")
    assert refused.status == 422
    assert refused.all("#people-1-trips.field-wrong") and not refused.all("#people-0-trips.field-wrong")
    with reading() as session:
        assert stand(session, asking) == {}


@pytest.mark.databases("sqlite")
@pytest.mark.usefixtures("asking")
def test_the_form_costs_as_many_queries_for_many_people_as_for_one(client):
    numbers = []
    for names in (("Ana",), ("Ana", "Boro", "Ceca")):
        form = filled(client, *names)
        form.fill({f"people-{n}-question-room": "double" for n in range(len(names))})
        with count_queries() as queries:
            assert form.submit("check").status == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


@pytest.mark.usefixtures("edition")
def test_as_many_people_as_a_form_takes_may_write_as_much_as_it_takes(client, reading):
    form = filled(client, "0")
    # Of the characters that are longest on the way, as many as each field takes.
    lengths = {"family_name": 100, "badge_name": 100, "organisation": 200, "job_title": 120}
    lengths |= {"dietary": 1000, "access_needs": 1000}
    longest = {name: "\U00020000" * length for name, length in lengths.items()}
    same = {name: form.values[f"people-0-{name}"] for name in ("country", "category")}
    for number in range(MAX_PEOPLE):
        own = longest | same | {"given_name": f"{number:02}" + "\U00020000" * 98}
        form.forge({f"people-{number}-{name}": text for name, text in own.items()})
    form.submit("check").form(MAIN).submit("register")
    with reading() as session:
        needs = session.scalars(select(Registration.access_needs)).all()
    assert needs == [longest["access_needs"]] * MAX_PEOPLE


@pytest.mark.usefixtures("edition")
def test_a_form_that_is_too_large_gives_back_what_was_typed(client):
    form = filled(client, "Ana").fill({"people-0-dietary": "No nuts", "people-0-access_needs": "x" * 1_100_000})
    page = form.submit("check")
    assert page.status == 413 and "shorten" in page.text
    assert "This has not been saved" in page.text and "No nuts" in page.text and "x" * 1_100_000 in page.text


def test_questions_that_only_an_answer_makes_necessary_open_at_a_touch(client, edition, writing):
    with writing() as session:
        stored = session.get_one(Edition, edition.id)
        make_question(session, stored, "dinner", "yes-no")
        make_question(session, stored, "menu", "text", shown_when="dinner", shown_for=("yes",), required=True)
    assert "A few more questions (optional)" in client.get(NEW).text
