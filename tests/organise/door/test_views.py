"""The door: who may use it, whom it finds, checking in and undoing, the list on paper."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from dofc_events.accounts.models import Account
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import history_of
from dofc_events.delegates.queries import registration_by_reference
from dofc_events.organise.door.views import ROWS
from dofc_events.privacy.erasing.service import erase_registration
from dofc_events.registration.arrivals.service import note_arrival
from dofc_events.registration.service import cancel_registration
from tests.organise.door.conftest import DOOR, counts, find, names, press, shown
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_trip
from tests.support.groups import make_group, make_promise, someone
from tests.support.sheets import dicts, read_csv

LIST = f"{DOOR}/list"


def acts(reading, reference: str) -> list[str]:
    with reading() as session:
        return [entry.act for entry in history_of(session, reference)]


# Who may stand there


@pytest.mark.parametrize("path", [DOOR, LIST])
def test_door_opens_for_its_own_people_only(enter, edition, writing, path):
    with writing() as session:
        other = make_edition(session, year=2031)
    for role in ("organiser", "desk"):
        assert enter(role, edition).get(path).status == 200
        assert enter(role, other).get(path).status == 404
    assert enter("chair").get(path).status == 200


def test_desk_is_led_from_its_overview_to_the_door_and_to_no_page_that_it_may_not_see(desk, join, writing, edition):
    join()
    with writing() as session:
        make_trip(session, edition, "cellars", title="Wine cellars")
    page = desk.get("/organise/")
    assert page.link("Go to the door") == DOOR
    assert page.follow("Wine cellars").status == 200
    for path in ("/organise/", DOOR, LIST):
        for link in desk.get(path).all("a[href^='/']"):
            assert desk.get(link["href"]).status == 200, link["href"]


def test_organisers_are_led_to_the_registration(organiser, join):
    reference = join()
    assert organiser.get(DOOR).follow(reference).h1 == "Ana Kovač"
    assert organiser.get(DOOR).follow("Registrations").status == 200


# Whom it shows


@pytest.mark.usefixtures("room")
def test_door_lists_who_has_a_place_as_names_are_read_aloud(desk, join):
    for name in ("Özdemir, Ali", "Zikić, Ana", "đorđević, Vuk", "Жикић, Ана", "Ђокић, Ана", "Madonna", "ბერიძე, ნინო"):
        join(name)
    page = desk.get(DOOR)
    latin, cyrillic = ["đorđević, Vuk", "Madonna", "Özdemir, Ali", "Zikić, Ana"], ["Ђокић, Ана", "Жикић, Ана"]
    assert names(page) == [*latin, *cyrillic, "ბერიძე, ნინო"]
    # Georgian names begin with a small letter.
    assert [link.get_text() for link in page.all(".door-letters a")] == ["All", "D", "M", "O", "Z", "Ђ", "Ж", "ბ"]
    assert names(page.follow("Ж")) == ["Жикић, Ана"]
    assert names(desk.get(f"{DOOR}?letter=Đ")) == ["đorđević, Vuk"]


def test_door_leaves_out_who_has_no_place_until_they_are_searched(desk, join, writing, edition):
    gone, stays, waits = join("Abel, Ana"), join("Bebel, Ana"), None
    with writing() as session:
        person = registration_by_reference(session, edition.id, gone)
        cancel_registration(session, person.id, DELEGATE, NOW)
    join("Dabel, Ana"), join("Ebel, Ana")
    waits = join("Cebel, Ana")
    assert gone not in shown(desk.get(DOOR)) and waits not in shown(desk.get(DOOR))
    assert counts(desk.get(DOOR)) == ("0", "3")
    page = find(desk, "an")
    assert names(page) == ["Bebel, Ana", "Dabel, Ana", "Ebel, Ana", "Abel, Ana", "Cebel, Ana"]
    rows = {row["data-registration"]: row for row in page.all(".door [data-registration]")}
    assert "Cancelled" in rows[gone].get_text() and "On the waiting list" in rows[waits].get_text()
    assert not rows[gone].select("button") and not rows[waits].select("button") and rows[stays].select("button")


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("typed", ["dj", "Đo", "vu", "VUK dor", "bad", "tra"])
def test_search_finds_by_two_letters_of_any_name(desk, join, typed):
    wanted = join("Đorđević, Vuk", badge_name="Badger", organisation="Trakya")
    other = join("Öztürk, Łucja", organisation="Elsewhere")
    assert shown(find(desk, typed))[0] == wanted
    assert shown(find(desk, other.replace("-", "").lower())) == [other]


@pytest.mark.usefixtures("room")
def test_search_puts_names_before_what_else_was_found(desk, join):
    join("Abel, Ana", organisation="Kovin")
    join("Kovač, Zoran", organisation="Abc")
    join("Babel, Kova", organisation="Abc")
    assert names(find(desk, "kov")) == ["Babel, Kova", "Kovač, Zoran", "Abel, Ana"]


def test_search_that_finds_nobody_says_so(desk, join):
    join()
    page = find(desk, "xx")
    assert not shown(page) and "No names match." in page.text


def test_door_shows_what_is_told_to_who_comes_in(desk, writing, edition, reading):
    with writing() as session:
        make_trip(session, edition, "cellars", title="Wine cellars")
        make_trip(session, edition, "mill", title="Old mill", capacity=0)
        make_registration(
            session,
            edition,
            given_name="Ana",
            family_name="Kovač",
            badge_name="Annie K.",
            organisation="Fruit Cluster",
            category="guest",
            trips=("cellars",),
        )
    text = desk.get(DOOR).one(".door li").get_text(" ", strip=True)
    for words in ("Kovač, Ana", "Annie K.", "Fruit Cluster · Guest", "Wine cellars, 22 May 2027, 09:30"):
        assert words in text
    assert "Old mill" not in text


@pytest.mark.usefixtures("room")
def test_door_is_small_and_turns_its_pages_for_250_people(desk, join):
    everyone = sorted((f"{letter}{number:03}, Anastasia Maria", number) for number, letter in enumerate("KLMN" * 63))
    for name, _ in everyone[:250]:
        join(name, organisation="Association of Wood Processing Clusters of the Lower Danube")
    page, seen = desk.get(DOOR), []
    while True:
        assert len(page.data) < 24_000, len(page.data)
        assert len(shown(page)) <= ROWS
        seen += names(page)
        if not page.all("a[rel=next]"):
            break
        page = desk.get(page.one("a[rel=next]")["href"])
    assert seen == [name for name, _ in everyone[:250]]
    page = find(desk, "an")
    assert len(shown(page)) == ROWS and "There are more names: type another letter." in page.text
    # The answer to a tick is what comes most often.
    page = press(find(desk, "k000"), shown(find(desk, "k000"))[0])
    assert len(page.data) < 6_500, len(page.data)
    assert names(desk.get(f"{DOOR}?letter=k").follow("More names")) == [name for name, _ in everyone[ROWS : 2 * ROWS]]


@pytest.mark.usefixtures("room")
def test_door_costs_the_same_with_1_and_30_people(organiser, join, writing, edition, register_many):
    with writing() as session:
        make_trip(session, edition, "cellars", capacity=100)

    def cost() -> list[int]:
        found = []
        for path in (DOOR, f"{DOOR}?q=an", f"{DOOR}?letter=k", LIST):
            with count_queries() as statements:
                assert organiser.get(path).status == 200
            found.append(len(statements))
        return found

    join(trips=("cellars",))
    few = cost()
    register_many(29, trips=("cellars",))
    assert len(shown(organiser.get(LIST))) == 30
    assert cost() == few and max(few) <= 18, few


# Ticking


def test_tick_is_noted_with_time_and_name_and_the_next_name_can_be_typed(desk, join, reading):
    person, other = join("Kovač, Ana"), join("Kovač, Mia")
    answer = press(find(desk, "kov"), person, follow=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"{DOOR}?person={person}&q=kov")
    page = desk.get(answer.headers["Location"])
    assert shown(page, "[data-arrived]") == shown(page) == [person]
    assert counts(page) == ("1", "2")
    assert "Checked in 14:00 by Ana Kovač" in page.text
    field = page.one("#q")
    assert field["value"] == "" and field.has_attr("autofocus") and field["aria-describedby"] == "people"
    assert shown(page.follow("Back to “kov”")) == [person, other]
    assert acts(reading, person)[-1] == "arrived"
    # Half a year before, it is more likely somebody who tries out the door.
    assert "The edition begins on" in page.text and "counts as arrived" in page.text

    page = press(page, person)
    assert shown(page) == [person] and not shown(page, "[data-arrived]")
    assert counts(page) == ("0", "2")
    assert acts(reading, person)[-2:] == ["arrived", "arrival_undone"]


def test_each_day_is_ticked_anew_and_list_files_and_figures_say_who_came(organiser, join, writing, edition, room):
    ana, mia, late = join("Kovač, Ana"), join("Kovač, Mia"), join("Kovač, Vid")
    listed = "/organise/editions/2027/registrations"
    assert "arrived_at" not in organiser.get(listed).text
    assert not organiser.get("/organise/editions/2027/").all("#arrivals")
    with writing() as session:
        for reference in (ana, mia):
            person = registration_by_reference(session, edition.id, reference)
            note_arrival(session, person.id, DELEGATE, NOW - timedelta(days=1))
    page = find(organiser, "kov")
    assert counts(page) == ("0", "3") and not shown(page, "[data-arrived]")
    assert page.text.count("First here on 1 Nov 2026") == 2
    press(page, ana)
    assert counts(find(organiser, "kov")) == ("1", "3")

    def found(value: str) -> list[str]:
        page = organiser.get(f"{listed}?arrived={value}&sort=name")
        file = dicts(read_csv(organiser.get(f"{listed}.csv?arrived={value}&sort=name").data))
        assert [row["reference"] for row in file] == shown(page)
        return shown(page)

    days = ("2026-11-01", "2026-11-02", "2026-11-03")
    assert [found(value) for value in ("yes", "no", *days)] == [[ana, mia], [late], [ana, mia], [ana], []]
    row = dicts(read_csv(organiser.get(f"{listed}.csv?q=ana").data))[0]
    assert (row["arrived_at"], row["arrived_on"]) == ("2026-11-01T14:00:00+02:00", "2026-11-01 2026-11-02")
    page = organiser.get(f"{listed}?arrived=2026-11-02")
    assert "1 Nov 2026, 14:00" in page.one("[data-label=Arrived]").get_text()
    assert "Arrived on Monday 2 November 2026" in page.one(".filters-set").get_text()
    assert organiser.get(f"{listed}?arrived=maybe").status == 404
    page = organiser.get("/organise/editions/2027/")
    assert "Arrived so far: 2. Still expected: 1." in page.one("[aria-labelledby=arrivals] p").get_text()
    rows = [
        [cell.get_text() for cell in row.select("th, td")] for row in page.all("[aria-labelledby=arrivals] tbody tr")
    ]
    assert rows == [["14:15", "2", "1"]]
    with writing() as session:
        here = session.get_one(Edition, edition.id)
        here.starts_on = here.ends_on = (NOW - timedelta(days=1)).date()
    page = organiser.get("/organise/editions/2027/")
    assert "Arrived: 2. Did not come: 1." in page.one("[aria-labelledby=arrivals] p").get_text()


def test_keyboard_does_not_cover_what_was_found(desk, join):
    join()
    assert not find(desk, "ko").one("#q").has_attr("autofocus")
    assert desk.get(DOOR).one("#q").has_attr("autofocus")


def test_two_volunteers_tick_one_person_once(enter, edition, join, writing, reading, clock):
    person = join()
    pages = [enter("desk", edition).get(DOOR) for _ in range(2)]
    for page in pages:
        assert "Checked in 14:00" in press(page, person).text
        clock.shift(60)
    assert acts(reading, person).count("arrived") == 1
    pages = [enter("desk", edition).get(DOOR) for _ in range(2)]
    for page in pages:
        assert not shown(press(page, person), "[data-arrived]")
    assert acts(reading, person).count("arrival_undone") == 1
    again = enter("desk", edition).get(DOOR)
    with writing() as session:
        # They have one name, which would not tell who it was.
        session.execute(update(Account).values(name="Volunteer " + Account.email))
    page = press(again, person)
    with reading() as session:
        _, last = (e.actor for e in history_of(session, person) if e.act == "arrived")
    assert f" by Volunteer {last.removeprefix('account:')}" in page.text


def test_tick_is_refused_to_who_lost_the_place_meanwhile(desk, join, writing, reading, edition):
    reference = join()
    page = desk.get(DOOR)
    with writing() as session:
        person = registration_by_reference(session, edition.id, reference)
        cancel_registration(session, person.id, DELEGATE, NOW)
    page = press(page, reference)
    assert "Ana Kovač has no confirmed place: ask the organisers." in page.text
    assert "Cancelled" in page.one(".door li").get_text()
    assert "arrived" not in acts(reading, reference)


def test_cancelling_takes_back_that_somebody_is_in(desk, join, writing, edition):
    reference = join()
    press(desk.get(DOOR), reference)
    with writing() as session:
        cancel_registration(session, registration_by_reference(session, edition.id, reference).id, DELEGATE, NOW)
    page = desk.get(f"{DOOR}?person={reference}")
    assert counts(page) == ("0", "0") and not shown(page, "[data-arrived]")


@pytest.mark.parametrize("pressed", [{"arrived": "ABCD-0000"}, {"undo": "ABCD-0000"}, {}])
def test_tick_of_nobody_is_not_found(desk, join, writing, pressed):
    join()
    with writing() as session:
        elsewhere = make_registration(session, make_edition(session, year=2031)).reference
    token = desk.get(DOOR).form("[method=post][action*=check-in]").value("csrf_token")
    for said in (pressed, {"arrived": elsewhere}):
        assert desk.post(DOOR, {"csrf_token": token, **said}).status == 404
    assert desk.get(f"{DOOR}?person={elsewhere}").status == 404


def test_tick_needs_the_pages_token(desk, join):
    person = join()
    page = desk.post(DOOR, {"arrived": person})
    assert page.status == 400 and not shown(page, "[data-arrived]")


@pytest.mark.parametrize("status", [EditionStatus.ARCHIVED, EditionStatus.DRAFT])
def test_door_is_read_only_where_no_conference_is(desk, join, change_edition, reading, status):
    person = join()
    page = desk.get(DOOR)
    change_edition(status=status)
    answer = press(page, person)
    assert answer.status == 403 and shown(answer) == [person]
    assert not answer.all(".door button") and not answer.all("[data-arrived]")
    assert ("archived" if status == EditionStatus.ARCHIVED else "draft") in answer.one(".notice").get_text()
    assert "arrived" not in acts(reading, person)


def test_queue_does_not_wait_for_the_request_limit(make_app, client, enter, edition, join):
    app = make_app(rate_limits=True)
    person = join()
    desk = enter("desk", edition, into=app)
    page = desk.get(DOOR)
    for _ in range(301):
        answer = app.test_client().post("/sign-out")
    assert answer.status_code in (303, 429)
    assert app.test_client().post("/sign-in", data={}).status_code == 429
    assert shown(press(page, person), "[data-arrived]") == [person]


# On paper


@pytest.mark.usefixtures("room")
def test_list_on_paper_has_a_line_for_everyone_with_a_place(desk, join):
    late = join("Zikić, Ana", badge_name="Annie", organisation="Fruit Cluster", category="guest")
    early = join("Abel, Bo")
    press(desk.get(DOOR), early)
    page = desk.get(DOOR).follow("List to print")
    assert shown(page) == [early, late] and shown(page, "[data-arrived]") == [early]
    cells = [cell.get_text(strip=True) for cell in page.one(f"tr[data-registration='{late}']").select("td, th")]
    assert cells == ["", "Zikić, Ana", "Annie", "Fruit Cluster", "Guest", late]
    assert page.one(f"tr[data-registration='{early}'] td:nth-of-type(2)").get_text() == "Bo Abel"
    assert "As of 14:00" in page.text


def test_list_on_paper_says_when_nobody_has_a_place(desk):
    assert "Nobody has a confirmed place yet." in desk.get(LIST).text
    assert "Nobody has a confirmed place yet." in desk.get(DOOR).text


@pytest.mark.usefixtures("room")
def test_who_came_with_a_group_is_found_by_its_name_and_its_contacts_and_says_with_whom(
    desk, organiser, edition, writing
):
    with writing() as session:
        stored = session.merge(edition)
        make_registration(session, stored, given_name="Zoran", family_name="Vuk", organisation="Vera Motors")
        made = make_group(session, stored, [someone("Ana", organisation="Other"), someone("Boro", "boro@own.test")])
        group = made.group.reference
        make_promise(session, stored, "Dom kulture")
        left = make_group(session, stored, [someone("Ceca")]).people[0].registration
        cancel_registration(session, left.id, DELEGATE, NOW)
    for words in ("ilic", "trakya vera", "vera tra"):
        page = find(desk, words)
        assert {"Kovač, Ana", "Kovač, Boro"} <= set(names(page)) and "Kovač, Ceca" not in names(page)
        assert page.all("[data-with]")[0].get_text() == "With Vera Ilić (Trakya Cluster)"
    assert find(desk, "dom").all("[data-registration]") == []
    assert "With Vera Ilić (Trakya Cluster)" in desk.get(LIST).text
    assert len(desk.get(DOOR).all("[data-with]")) == 2
    registrations = organiser.get("/organise/editions/2027/registrations?q=ilic&columns=group")
    assert registrations.one(f"[data-group='{group}']").get_text(strip=True).endswith("Vera Ilić (Trakya Cluster)")
    every = organiser.get("/organise/editions/2027/registrations?columns=group")
    assert every.text.count("Vera Ilić (Trakya Cluster)") == 3
    rows = dicts(read_csv(organiser.get("/organise/editions/2027/registrations.csv").data))
    assert [row["group_name"] for row in rows] == ["Vera Ilić"] * 3 + ["", ""]


def test_who_ticks_somebody_who_has_just_been_erased_reads_so_and_is_led_back(desk, join, writing, edition):
    reference = join()
    page = desk.get(DOOR)
    with writing() as session:
        erase_registration(session, registration_by_reference(session, edition.id, reference).id, DELEGATE, NOW)
    again = press(page, reference)
    assert (again.status, again.h1) == (404, "Nobody has this reference")
    assert again.follow("Go to the door").url == DOOR
