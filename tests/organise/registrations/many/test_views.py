"""Acts on many, through the pages: what is picked, what is said, what is then done; the note and the tags of one."""

from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from dofc_events.commands.check import faults
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import registration_by_reference, token_of
from dofc_events.mail.models import Message
from dofc_events.places.models import Claim
from dofc_events.places.queries import edition_pool
from dofc_events.privacy.erasing.service import erase_registration
from dofc_events.registration import service
from dofc_events.registration.arrivals.service import note_arrival
from dofc_events.registration.hand_over.service import hand_over
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration
from tests.support.sheets import dicts, read_csv


@pytest.fixture
def see(organiser, year):
    """`see("sort=name")`: the list under this address."""
    return lambda query="": organiser.get(f"/organise/editions/{year}/registrations?{query}")


@pytest.fixture
def do(see):
    """`do("cancel", a, b, query="sort=name")`: the page that asks, after picking on the list; nobody picked is all."""

    def do(act, *references, query=""):
        form = see(query).form("/selected").fill(act=act)
        return (form.fill(pick=references) if references else form.fill(all=True)).submit()

    return do


@pytest.fixture
def person(organiser, year):
    return lambda reference: organiser.get(f"/organise/editions/{year}/registrations/{reference}")


def chosen(page) -> int:
    return int(page.one("h1")["data-chosen"])


def statuses(reading) -> dict[str, str]:
    with reading() as session:
        rows = session.execute(select(Registration.reference, Claim.status).join(Claim))
        return {reference: str(status) for reference, status in rows}


def test_list_says_what_to_do_when_nobody_or_nothing_is_chosen(see, register, do):
    reference = register()
    page = see("sort=name").form("/selected").fill(act="cancel").submit()
    assert page.status == 200 and page.h1 == "Nobody is selected"
    assert "sort=name" in page.follow("Back to the list").url
    assert chosen(page.follow("Select everybody")) == 1
    assert do("", reference).h1 == "Nothing is chosen"


@pytest.mark.parametrize("query", ["act=dance", "act=tag&status=nonsense&all=1"])
def test_selected_knows_no_other_values(organiser, register, year, query):
    assert organiser.get(f"/organise/editions/{year}/registrations/selected?{query}").status == 404


def test_cancelling_says_with_whom_and_does_exactly_that(do, see, register, reading):
    picked = [register(given_name=name, family_name="Ilić") for name in ("Ana", "Bojan", "Vuk")]
    stays = register(given_name="Zora")
    page = do("cancel", *picked[1:], query="sort=name")
    assert page.h1 == "Cancel 2 registrations" and "Bojan Ilić, Vuk Ilić" in page.text
    assert set(statuses(reading).values()) == {"confirmed", "waitlisted"}

    page = page.form().submit()
    assert page.status == 422 and "Enter a reason" in page.text
    page = page.form().fill(reason="No answer for weeks").submit()
    assert "2 registrations have been cancelled" in page.text and "sort=name" in page.url
    assert {r for r, status in statuses(reading).items() if status == "cancelled"} == {*picked[1:]}
    assert statuses(reading)[stays] in ("offered", "confirmed")
    with reading() as session:
        told = session.scalars(select(Message).where(Message.kind == "registration-cancelled")).all()
    assert len(told) == 2 and all("No answer for weeks" in message.text for message in told)
    assert do("cancel", *picked[1:]).text.count("So there is nothing to do") == 1


def test_the_reason_is_not_lost_where_another_organiser_was_quicker(do, register):
    form = do("cancel", reference := register()).form().fill(reason="Told us by telephone")
    do("cancel", reference).form().fill(quiet=True).submit()
    page = form.submit()
    assert page.status == 409 and page.one("[data-typed] dd").text == "Told us by telephone"


def test_cancelling_quietly_needs_no_reason_and_says_that_nobody_was_told(do, register, person, reading):
    reference = register()
    page = do("cancel", reference).form().fill(quiet=True).submit()
    assert "1 registration has been cancelled. The delegate has not been told." in page.text
    shown = person(reference).one("section[aria-labelledby=history]").get_text(" ", strip=True)
    assert "Cancelled by hand The delegate was not told." in shown
    with reading() as session:
        assert session.scalars(select(Message.kind).where(Message.kind == "registration-cancelled")).all() == []


def test_cancelling_says_who_has_arrived_and_asks_again_when_somebody_does(do, register, edition, writing):
    ana, bojan = (register(given_name=name, family_name="Ilić") for name in ("Ana", "Bojan"))

    def arrives(reference) -> None:
        with writing() as session:
            note_arrival(session, registration_by_reference(session, edition.id, reference).id, DELEGATE, NOW)

    form = do("cancel").form().fill(quiet=True)
    arrives(ana)
    page = form.submit()
    assert page.status == 422 and "something has changed since you opened the page" in page.text
    assert "1 person has been checked in at the door: Ana Ilić. Cancelling also removes" in page.text
    arrives(bojan)
    assert "2 people have been checked in at the door: Ana Ilić, Bojan Ilić." in page.form().submit().text


def test_names_beyond_ten_are_counted(do, register):
    for number in range(13):
        register(given_name=f"Name{number:02}", family_name="")
    page = do("cancel")
    assert chosen(page) == 13
    assert "Name09" in page.text and "and 3 more" in page.text and "Name10" not in page.text


def test_the_page_asks_again_when_one_of_those_whom_it_showed_has_changed(do, register, reading, writing):
    shown = [register(), register()]
    page = do("cancel")
    late = register()
    with writing() as session:
        person = session.scalars(select(Registration).where(Registration.reference == shown[0])).one()
        service.cancel_registration(session, person.id, DELEGATE, NOW)
    page = page.form().fill(reason="We move").submit()
    assert page.status == 422 and "something has changed since you opened the page" in page.text
    assert chosen(page) == 2 and page.form().value("reason") == "We move"
    assert "cancelled" not in [statuses(reading)[r] for r in (shown[1], late)]
    page.form().submit()
    assert set(statuses(reading).values()) == {"cancelled"}


@pytest.mark.parametrize("act", ["cancel", "tag"])
def test_the_page_asks_again_when_somebody_else_has_taken_over(do, register, writing, act):
    page = do(act, reference := register(given_name="Mona"))
    with writing() as session:
        person = session.scalars(select(Registration).where(Registration.reference == reference)).one()
        hand_over(session, person.id, "Zoe", "Heir", "zoe@dofc.test", DELEGATE, NOW)
    page = page.form().fill(**{"word": "vip"} if act == "tag" else {"reason": "Mona asked for it"}).submit()
    assert page.status == 422 and "something has changed since you opened the page" in page.text
    assert "Zoe Heir" in page.text


def test_who_registers_while_the_page_is_open_is_not_meant(do, register, reading):
    shown = register()
    page = do("cancel")
    late = register()
    # Also when the form is shown once more.
    page = page.form().submit()
    assert page.status == 422 and chosen(page) == 1
    page.form().fill(reason="We move").submit()
    assert statuses(reading) == {shown: "cancelled", late: "confirmed"}


def test_filters_hold_for_all_and_nobody_else(do, register, reading):
    wanted = register(country="DE")
    register(country="RS")
    page = do("cancel", query="country=DE")
    assert chosen(page) == 1
    assert "country=DE" in page.form().fill(reason="why").submit().url
    assert [r for r, status in statuses(reading).items() if status == "cancelled"] == [wanted]


def test_all_are_meant_although_somebody_is_picked(see, register):
    picked, _ = register(), register()
    assert chosen(see().form("/selected").fill(act="tag", pick=[picked], all=True).submit()) == 2


def test_confirming_asks_before_it_raises_the_number_of_places(do, register, reading, edition):
    references = [register() for _ in range(5)]
    page = do("confirm", *references[1:5:3])
    assert chosen(page) == 1 and "1 person, who already has a confirmed place" in page.text
    page = page.form().fill(reason="They speak").submit()
    assert (
        page.status == 422 and "There is 1 place too few" in page.text and page.form().value("reason") == "They speak"
    )
    assert "from 2 to 3" in page.text
    page = page.form().fill(enlarge=True).submit()
    assert "1 person now has a confirmed place" in page.text
    assert [statuses(reading)[reference] for reference in references] == [
        *("confirmed", "confirmed", "waitlisted", "waitlisted", "confirmed")
    ]
    with reading() as session:
        assert edition_pool(session, edition.id).capacity == 3


def test_two_organisers_do_not_give_the_same_place_twice(do, register, enter, edition, reading):
    references = [register() for _ in range(4)]
    first, second = (do("confirm", reference).form().fill(reason="x", enlarge=True) for reference in references[2:])
    assert first.submit().status == 200
    page = second.submit()
    assert page.status == 422 and "from 3 to 4" in page.text
    assert statuses(reading)[references[3]] == "waitlisted"


def test_category_says_for_how_many_it_is_another_one(do, register, reading):
    for slug in ("guest", "company", "company"):
        register(category=slug)
    page = do("category")
    assert "Guest (2 people)" in page.text and "Company (1 person)" in page.text and "Member" in page.text
    page = page.form().fill(category="guest").submit()
    assert "2 people have a new category" in page.text
    with reading() as session:
        told = session.scalar(select(func.count()).where(Message.kind == "registration-changed"))
    assert told == 2
    assert "Guest (" not in do("category").text


def test_category_of_somebody_who_cancelled_meanwhile_leaves_nothing_to_do(do, register, edition, writing):
    form = do("category", reference := register(category="company")).form().fill(category="guest")
    with writing() as session:
        found = registration_by_reference(session, edition.id, reference)
        service.cancel_registration(session, found.id, DELEGATE, NOW)
    page = form.submit()
    assert "already cancelled" in page.text and "nothing to do" in page.text and "no other category" not in page.text


def test_category_is_changed_without_telling(do, register, reading):
    register(category="company")
    page = do("category").form().fill(category="guest", quiet=True).submit()
    assert "1 person has a new category. The delegate has not been told." in page.text
    with reading() as session:
        assert session.scalars(select(Message.kind).where(Message.kind == "registration-changed")).all() == []


def test_tags_are_put_on_filtered_and_taken_off(do, see, register):
    first, second, _ = (register() for _ in range(3))
    assert "3 people have the tag “speaker 1”" in do("tag").form().fill(word=" Speaker  1").submit().text
    assert "1 person has the tag “vip”" in do("tag", first).form().fill(word="VIP").submit().text
    page = see().form(".filters").fill(tag="vip", columns=["tags"]).submit()
    assert [row["data-registration"] for row in page.all("tr[data-registration]")] == [first]
    assert page.one("table.list td").get_text(" ", strip=True) == "speaker 1 vip"
    assert "Tag: vip" in page.one(".filters-set").text
    page = do("untag", first, second)
    assert page.form().choices("word") == ["speaker 1", "vip"]
    assert "from 2 people" in page.form().fill(word="speaker 1").submit().text
    assert "None of them has a tag" in do("untag", second).text


@pytest.mark.parametrize(("typed", "error"), [("", "Enter a tag"), ("a,b", "commas"), ("x" * 41, "at most 40")])
def test_tag_is_one_short_word_or_two(do, register, typed, error):
    register()
    page = do("tag").form().fill(word=typed).submit()
    assert page.status == 422 and error in page.text and page.form().value("word") == typed


def test_those_picked_are_exported_in_the_lists_order(see, register, organiser):
    picked = [register(family_name=name) for name in ("Zorić", "Abel")]
    register(family_name="Babić")
    page = see("sort=name").form("/selected").fill(act="csv", pick=picked).submit(checked=False)
    assert [row["reference"] for row in dicts(read_csv(page.data))] == picked[::-1]
    assert len(dicts(read_csv(see("sort=name").form("/selected").fill(act="csv", all=True).submit().data))) == 3


def test_writing_leads_to_a_letter_to_those_picked(see, register):
    picked = [register(country="DE") for _ in range(2)]
    page = see("country=DE").form("/selected").fill(act="write", pick=picked).submit(checked=False, follow=False)
    address = urlsplit(page.headers["Location"])
    assert address.path.endswith("/letters/new")
    assert parse_qs(address.query) == {"country": ["DE"], "pick": picked}


def test_button_writes_whatever_else_is_chosen(see, register):
    reference = register()
    page = see().form("/selected").fill(pick=[reference], act="cancel").submit("Write to them")
    assert "/letters/new" in page.url


def test_asking_costs_the_same_with_1_and_30_people(do, register, register_many):
    def cost(act: str) -> int:
        with count_queries() as statements:
            do(act)
        return len(statements)

    register()
    few = [cost(act) for act in ("tag", "untag", "category", "confirm", "cancel")]
    register_many(29)
    assert [cost(act) for act in ("tag", "untag", "category", "confirm", "cancel")] == few


# One registration


def test_note_is_written_found_and_exported(person, see, register, organiser, year):
    reference, _other = register(), register()
    page = person(reference).form("/note").fill(note="Speaks at ten.\r\nVegan").submit()
    assert "Note saved" in page.text and page.form("/note").value("note") == "Speaks at ten.\r\nVegan"
    assert "nothing → Speaks at ten." in page.one("#history ~ .timeline").get_text(" ", strip=True)
    page = see().form(".filters").fill(noted=True, columns=["note"]).submit()
    assert [row["data-registration"] for row in page.all("tr[data-registration]")] == [reference]
    assert "Speaks at ten." in page.one("table.list td").text and "Have a note" in page.one(".filters-set").text
    rows = dicts(read_csv(organiser.get(f"/organise/editions/{year}/registrations.csv?noted=1").data))
    assert [(row["note"].split(), row["tags"]) for row in rows] == [(["Speaks", "at", "ten.", "Vegan"], "")]
    page = person(reference).form("/note").fill(note="x" * 5001).submit()
    assert page.status == 422 and page.form("/note").value("note") == "x" * 5001


def test_tags_of_one_are_added_and_removed(person, register, organiser, year):
    reference = register()
    for word in ("Vip", "speaker"):
        page = person(reference).form("/tag").fill(word=word).submit()
    rows = dicts(read_csv(organiser.get(f"/organise/editions/{year}/registrations.csv").data))
    assert [row["tags"] for row in rows] == ["speaker, vip"]
    page = page.form("/untag").submit("Remove the tag “vip”".split("“")[1][:-1])
    assert "The tag “vip” has been removed" in page.text
    assert [button["value"] for button in page.all("button.tag")] == ["speaker"]
    page = page.form("/tag").fill(word="a, b").submit()
    assert page.status == 422 and page.form("/tag").value("word") == "a, b"


def test_delegates_never_see_note_and_tags(person, register, client, reading, edition):
    reference = register()
    person(reference).form("/note").fill(note="Difficult-guest").submit()
    person(reference).form("/tag").fill(word="watch-closely").submit()
    with reading() as session:
        own = f"/registrations/{token_of(registration_by_reference(session, edition.id, reference))}/"
    for page in ("", "edit", "hand-over", "cancel", "address"):
        text = client.get(own + page).html
        assert "Difficult-guest" not in text and "watch-closely" not in text, page
    client.get(f"{own}edit").form().fill(job_title="Miller").submit()
    with reading() as session:
        for message in session.scalars(select(Message)):
            files = [str(file) for file in message.attachments]
            said = "\n".join((message.subject, message.text, message.html, *files))
            assert "Difficult-guest" not in said and "watch-closely" not in said
    calendar = client.get(f"{own}calendar.ics", checked=False).data.decode()
    assert "BEGIN:VEVENT" in calendar and "Difficult-guest" not in calendar and "watch-closely" not in calendar


def test_nothing_is_written_about_somebody_who_was_erased(do, register, person, edition, writing, reading):
    reference = register(given_name="Ana")
    register(given_name="Bojan", family_name="Ilić")
    with writing() as session:
        erased = registration_by_reference(session, edition.id, reference)
        erase_registration(session, erased.id, DELEGATE, NOW)
        reference = erased.reference
    page = person(reference)
    assert "What named this person has been removed" in page.text and not page.all("section[aria-labelledby=own]")
    token = page.one("input[name=csrf_token]")["value"]
    for act, typed in (("note", {"note": "Telephone 123"}), ("tag", {"word": "vip"})):
        refused = page.client.post(f"{page.url}/{act}", {"csrf_token": token, **typed})
        assert "Nothing has been saved: what named this person has been removed." in refused.text
    for act in ("tag", "cancel"):
        page = do(act)
        assert chosen(page) == 1 and page.one("p + [data-obstacle]")["data-obstacle"] == "erased"
        assert "Not for 1 person, because what named them has been removed." in page.text
    page.form().fill(quiet=True).submit()
    do("tag").form().fill(word="seen").submit()
    with reading() as session:
        assert faults(session) == []


def test_another_editions_people_cannot_be_picked(organiser, register, writing, year, reading):
    register()
    with writing() as session:
        stranger = make_registration(session, make_edition(session, year=2031))
    page = organiser.get(f"/organise/editions/{year}/registrations/selected?act=cancel&pick={stranger.reference}")
    assert chosen(page) == 0 and "1 person you selected is no longer on this list" in page.text
    assert organiser.get(f"/organise/editions/{year}/registrations/{stranger.reference}/note").status in (404, 405)


def test_leaving_what_was_asked_comes_back_to_the_list_with_those_picked(do, register, see):
    first, _second = register(), register()
    page = do("cancel", first, query="sort=name").follow("Go back without changes")
    form = page.form("/selected")
    assert (form.values["pick"], form.value("act"), "sort=name" in page.url) == ([first], "cancel", True)
    page = do("", first).follow("Back to the list")
    assert page.form("/selected").values["pick"] == [first]
