"""The registration form, and the way back to a delegate's own page, through HTTP only."""

from datetime import time, timedelta
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.conference.rules import EditionStatus
from dofc_events.delegates.models import Registration
from dofc_events.places.queries import edition_pool
from tests.registration.conftest import ANSWERS, FORM, LOST, fill, status_of
from tests.support.factories import NOW, make_edition, make_registration
from tests.support.letters import letters
from tests.support.pages import Client

# The names that scripts and other programs fill in.
FIELDS = {*ANSWERS, "language", "csrf_token", "form_key"}
REQUIRED = ("given_name", "email", "organisation", "country", "category", "consent")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def kept(page) -> dict:
    """What a form shows, in the shape of ANSWERS."""
    form = page.form("main form")
    return {n: form.value(n) is not None if isinstance(v, bool) else form.value(n) for n, v in ANSWERS.items()}


@pytest.mark.usefixtures("edition")
def test_the_form_has_every_field_that_programs_rely_on_and_requires_few(client):
    form = client.get(FORM).form()
    assert set(form.values) == FIELDS
    assert form.choices("category") == ["", "member", "company", "guest"]
    assert len(form.choices("country")) > 245
    empty = form.submit()
    assert empty.status == 422
    wrong = {str(tag["name"]) for tag in empty.all("[aria-invalid=true]")}
    assert wrong == set(REQUIRED)


@pytest.mark.usefixtures("edition")
def test_registering_leads_to_the_own_page_which_can_be_reloaded(client, mail):
    page = fill(client).submit()
    assert (page.status, page.redirects, status_of(page)) == (200, [FORM], "confirmed")
    assert page.h1 == "You have a place, Łucja"
    for answer in ("Łucja Öztürk", "Lucy", "Trakya Cluster", "Türkiye", "No nuts", "A ramp", "+359 2 987 6543"):
        assert answer in page.text
    again = client.another().get(page.url)
    assert again.text == page.text
    assert mail() == ["registration-confirmed"]


def test_registering_says_the_position_when_all_places_are_taken(client, writing):
    with writing() as session:
        edition = make_edition(session, year=2027, capacity=1)
        for _ in range(2):
            make_registration(session, edition)
    form = client.get(FORM)
    assert (
        "All places are taken. If you register now, you will join the waiting list. 1 person is already waiting."
        in form.text
    )
    page = form.form().fill(ANSWERS).submit("Join the waiting list")
    assert status_of(page) == "waitlisted"
    assert page.one("[data-waiting-position]")["data-waiting-position"] == "2"


@pytest.mark.usefixtures("edition")
@pytest.mark.parametrize("name", sorted(FIELDS - {"language", "csrf_token"}))
def test_a_wrong_field_is_422_with_all_values_and_a_summary(client, name, mail):
    bad = {"phone": "12", "country": "ZZ", "category": "king", "form_key": "x", "visa_letter": None, "language": "en"}
    wrong = "x" * 2000 if name not in ("consent", "photo_consent", "visa_letter") else None
    page = fill(client).forge({name: bad.get(name, wrong)}).submit()
    if name in ("visa_letter", "photo_consent"):
        assert status_of(page) == "confirmed"
        return
    assert page.status == 422 and page.title.startswith("Error:")
    summary = page.one("[data-error-summary]")
    assert summary.get_text(strip=True)
    if name != "form_key":
        assert page.one(f"[name={name}]")["aria-invalid"] == "true"
        (link,) = summary.select("a")
        assert link["href"] == f"#{page.one(f'[name={name}]')['id']}"
    shown = kept(page)
    shown.pop(name, None)
    assert shown == {n: v for n, v in ANSWERS.items() if n != name}
    assert mail() == []
    if name != "form_key":
        assert status_of(page.form("main form").fill({name: ANSWERS[name]}).submit()) == "confirmed"


@pytest.mark.usefixtures("edition")
@pytest.mark.parametrize("token", [None, "wrong", ""])
def test_a_form_without_its_token_is_400_with_all_values(client, token, mail):
    page = fill(client).forge(csrf_token=token).submit()
    assert (page.status, kept(page), mail()) == (400, ANSWERS, [])
    assert "Nothing you typed has been lost" in page.text
    assert status_of(page.form("main form").submit()) == "confirmed"


@pytest.mark.usefixtures("edition")
def test_a_form_opened_before_cookies_were_cleared_is_400_with_all_values(client, mail):
    form = fill(client)
    form.page.client = client.another()
    assert form.submit().status == 400


@pytest.mark.usefixtures("edition")
def test_the_same_form_sent_twice_is_one_registration(client, mail):
    form = fill(client)
    first, second = form.submit(), form.submit()
    assert (second.url, status_of(second)) == (first.url, "confirmed")
    assert mail() == ["registration-confirmed"]


@pytest.mark.usefixtures("edition")
def test_the_same_form_with_other_answers_opens_the_edit_page_with_them(client, mail):
    form = fill(client)
    first = form.submit()
    again = form.fill(organisation="Ruse Cluster", dietary="Vegan", photo_consent=False).submit()
    assert again.status == 422 and again.h1 == "Change your details"
    edit = again.form("/edit")
    assert (edit.value("organisation"), edit.value("dietary"), edit.value("photo_consent")) == (
        "Ruse Cluster",
        "Vegan",
        None,
    )
    assert status_of(again) == "confirmed"
    assert "Trakya Cluster" in client.get(first.url).text
    saved = edit.submit()
    assert saved.url == first.url and "Ruse Cluster" in saved.text
    assert mail() == ["registration-confirmed", "registration-changed"]


@pytest.mark.usefixtures("edition")
def test_the_same_form_with_another_name_and_address_registers_another_person(client, mail):
    """Back, and a colleague typed over the first: nobody loses a place or answers."""
    form = fill(client)
    first = form.submit()
    again = form.fill(given_name="Ivo", family_name="Petrov", email="ivo@example.org").submit()
    assert again.status == 422 and "Nothing has been changed yet" in again.text
    buttons = [button.get_text(strip=True) for button in again.all("main button")]
    assert set(buttons) == {"Register this person as well"} and again.link("Change the registration of") == first.url
    other = again.form().submit()
    assert other.url != first.url and "Ivo Petrov" in other.text and status_of(other) == "confirmed"
    assert "Ivo" not in client.get(first.url).text
    assert mail() == ["registration-confirmed"]


@pytest.mark.usefixtures("edition")
def test_the_same_form_with_another_address_opens_the_page_that_corrects_it(client, mail):
    form = fill(client)
    first = form.submit()
    again = form.fill(email="right@example.org").submit()
    assert again.status == 422 and again.h1 == "Correct your email address"
    assert again.form("/address").value("email") == "right@example.org"
    assert client.get(first.url).status == 200
    assert status_of(again.form("/address").submit()) == "confirmed"
    assert mail("right@example.org") == ["registration-confirmed"]


@pytest.mark.usefixtures("edition")
def test_the_same_form_with_other_answers_after_cancelling_leads_to_the_own_page(client):
    form = fill(client)
    first = form.submit()
    client.get(f"{first.url}cancel").form().submit()
    again = form.fill(organisation="Ruse Cluster").submit()
    assert (again.status, again.url, status_of(again)) == (200, first.url, "cancelled")


@pytest.mark.usefixtures("edition")
def test_text_sent_as_a_file_is_text_that_is_missing(client, app):
    form = fill(client)
    fields = {name: form.value(name) or "" for name in form.names} | {"given_name": (BytesIO(b"Ana"), "ana.txt")}
    answer = app.test_client().post(FORM, data=fields, content_type="multipart/form-data")
    # Without the cookie of the page its token is worth nothing either.
    assert answer.status_code == 400 and "Enter your name." in answer.text


@pytest.mark.usefixtures("edition")
@pytest.mark.parametrize("value", ["false", ""])
def test_consent_is_given_by_a_tick_and_not_by_a_word(client, mail, value):
    page = fill(client).forge(consent=value).submit()
    assert page.status == 422 and mail() == []


@pytest.mark.usefixtures("edition")
def test_a_lost_link_is_sent_whatever_else_was_asked_for(client, mail):
    """Nothing else uses up the link, of which the page must not say whether it is sent."""
    form = fill(client)
    form.submit()
    for _ in range(4):
        fill(client.another()).submit()
    client.get(LOST).form().fill(email=ANSWERS["email"]).submit()
    assert mail() == ["registration-confirmed", *["already-registered"] * 4, "registration-link"]


@pytest.mark.usefixtures("edition")
def test_registering_twice_shows_nothing_of_the_first(client, mail):
    first = fill(client).submit()
    reference = first.url.split("/")[2].split(".")[0]
    stranger = client.another()
    page = fill(stranger, given_name="Other", email="LUCJA@example.org").submit()
    assert (page.status, page.redirects) == (200, [FORM])
    assert page.all("[data-registration-status]") == []
    for secret in (reference, "/registrations/", "Łucja"):
        assert secret not in page.html
    assert page.h1 == "Nobody new has been registered" and "LUCJA@example.org" in page.text
    assert page.link("Register another person") == "/editions/2027/register"
    assert page.link("Register several people") == "/groups/new/2027"
    assert stranger.get(page.url).text == page.text
    assert mail() == ["registration-confirmed", "already-registered"]


@pytest.mark.usefixtures("edition")
@pytest.mark.parametrize(
    ("given", "family"),
    [
        ("Suharto", ""),
        ("민준", "김"),
        ("Γιώργος", "Παπαδόπουλος"),
        ("Љубица", "Ђорђевић"),
        ("გიორგი", "მელაძე"),
        ("Անի", "Հակոբյան"),
        ("مريم", "الحسن"),
        ("Nguyễn Thị", "Ánh"),
        ("D'Arcy \u201cJ.\u201d", "O\u2019Neil-Śmith & Co <Jr.>"),
        ("e\u0301lodie", "𠮷田"),
    ],
)
def test_names_of_any_script_stay_what_they_are(client, reading, given, family):
    page = fill(client, given_name=given, family_name=family, badge_name="").submit()
    assert page.status == 200
    with reading() as session:
        registration = session.scalars(select(Registration)).one()
        message = letters(session)[0]
    composed = given.replace("e\u0301", "é")
    assert (registration.given_name, registration.family_name) == (composed, family)
    assert f"{composed} {family}".strip() in page.text
    assert f"\n\nDear {composed}" in message.text and message.recipient_name == f"{composed} {family}".strip()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"registration_closes_at": NOW}, "It closed at 14:00, Monday 2 November 2026 (Sofia time)."),
        (
            {"registration_opens_at": NOW + timedelta(hours=1)},
            "It opens at 15:00, Monday 2 November 2026 (Sofia time).",
        ),
        ({"status": EditionStatus.ARCHIVED}, "Registration is closed"),
    ],
)
def test_a_form_that_is_not_open_is_403_and_says_when(client, change, columns, words, mail):
    form = fill(client)
    change(**columns)
    for page in (client.get(FORM), form.submit(), form.forge(email="nonsense").submit()):
        assert page.status == 403 and words in page.text
        assert page.all("main form") == []
    assert "This has not been saved" in page.text and "No nuts" in page.text
    assert mail() == []


def test_nobody_joins_a_waiting_list_that_has_closed(client, change, edition, writing, mail):
    change(starts_on=NOW.date(), starts_at=time(9), ends_on=NOW.date() + timedelta(days=2))
    form = fill(client)
    with writing() as session:
        edition_pool(session, edition.id).capacity = 0
    for page in (client.get(FORM), form.submit()):
        assert page.status == 403 and "No more places are given out" in page.text and page.all("main form") == []
    assert "Join the waiting list" not in client.get("/").text + client.get("/editions/").text
    assert mail() == []


@pytest.mark.parametrize("path", ["register", "lost-link", "written", ""])
@pytest.mark.parametrize("year", ["2026", "2028", "0", "99999999999999999999"])
def test_an_edition_that_nobody_knows_is_404(client, change, year, path):
    change(year=2028, status=EditionStatus.DRAFT)
    assert client.get(f"/editions/{year}/{path}").status == 404


@pytest.mark.usefixtures("edition")
def test_too_large_a_form_is_413(client, mail):
    page = fill(client).forge(dietary="x" * 300_000).submit()
    assert page.status == 413 and "shorten" in page.text
    many = fill(client).forge({f"field-{number}": "x" for number in range(20_000)}).submit()
    assert many.status == 413
    assert mail() == []


@pytest.mark.usefixtures("edition")
def test_one_address_gets_five_messages_an_hour(client, mail, clock):
    fill(client).submit()
    for _ in range(4):
        assert fill(client.another()).submit().status == 200
    page = fill(client).submit()
    assert page.status == 429 and 0 < int(page.headers["Retry-After"]) <= 3601
    assert (kept(page), len(mail())) == (ANSWERS, 5)
    clock.shift(timedelta(seconds=int(page.headers["Retry-After"])))
    assert page.form("main form").submit().status == 200
    assert len(mail()) == 6


@pytest.mark.databases("sqlite")
@pytest.mark.usefixtures("edition")
def test_one_client_sends_300_forms_in_ten_minutes(make_app, mail, clock):
    client = Client(make_app(rate_limits=True, mail_server="127.0.0.1"))
    # Looking at pages is not limited: a whole conference may sit behind one address.
    for _ in range(310):
        client.get("/healthz")
    form = fill(client)
    for _ in range(300):
        assert client.post("/sign-out", follow=False).status == 303
    page = form.submit()
    assert page.status == 429 and 0 < int(page.headers["Retry-After"]) <= 601
    assert (kept(page), mail()) == (ANSWERS, [])
    assert client.get("/editions/").status == 200
    assert client.post("/registrations/wrong/cancel").status in (404, 429)
    assert client.post("/editions/2099/register").status in (404, 429)
    assert client.post("/nowhere").status in (404, 429)
    clock.shift(timedelta(minutes=10, seconds=1))
    assert status_of(page.form("main form").submit()) == "confirmed"


@pytest.mark.databases("sqlite")
@pytest.mark.usefixtures("edition")
def test_one_network_registers_sixty_in_ten_minutes_however_many_addresses_it_has(make_app, clock):
    client = Client(make_app(rate_limits=True))
    for number in range(60):
        network = {"environ_overrides": {"REMOTE_ADDR": f"2001:db8::{number:x}"}}
        assert client.post(FORM, {}, checked=False, **network).status == 400
    page = fill(client).submit(environ_overrides={"REMOTE_ADDR": "2001:db8::ffff"})
    assert page.status == 429 and 0 < int(page.headers["Retry-After"]) <= 601 and kept(page) == ANSWERS
    assert fill(client).submit(environ_overrides={"REMOTE_ADDR": "2001:db8:0:1::1"}).status == 200
    clock.shift(timedelta(minutes=10, seconds=1))
    again = fill(client, email="other@example.org").submit(environ_overrides={"REMOTE_ADDR": "2001:db8::1"})
    assert status_of(again) == "confirmed"


def test_what_people_type_begins_where_its_script_does(client, edition):
    form = client.get(FORM)
    auto = {tag["name"] for tag in form.all("main [dir=auto]")}
    assert {"given_name", "family_name", "badge_name", "organisation", "job_title", "dietary", "access_needs"} == auto


def test_a_form_that_is_shown_again_asks_about_an_address_that_looks_mistyped(client, edition):
    page = client.get(FORM).form().fill(email="ana@gmial.com").submit()
    assert page.status == 422 and page.one(".meant").get_text() == "Did you mean ana@gmail.com?"
    # It is a question: the address is not among what is wrong.
    assert "#email" not in str(page.one("[data-error-summary]"))


@pytest.mark.usefixtures("edition")
def test_the_key_of_a_form_shows_nothing_in_another_browser(client, mail):
    """Whoever saw or left behind the page of a form does not get to what was sent with it."""
    form = fill(client)
    form.submit()
    stranger = fill(client.another())
    page = stranger.fill(organisation="Mine").forge(form_key=form.value("form_key")).submit()
    assert page.url == "/editions/2027/written" and "/registrations/" not in page.html
    assert mail() == ["registration-confirmed", "already-registered"]
