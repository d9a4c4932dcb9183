"""One delegate on one page, and what an organiser does for them."""

from sqlalchemy import select

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import record
from dofc_events.delegates.models import Registration
from dofc_events.mail.rules import LINK_LIMITS
from dofc_events.registration.hand_over.service import hand_over, take_back
from dofc_events.registration.service import cancel_registration
from tests.organise.registrations.person.conftest import address, kinds
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_question, make_registration


def cancelled(writing, reference: str) -> None:
    with writing() as session:
        found = session.scalars(select(Registration).where(Registration.reference == reference)).one()
        cancel_registration(session, found.id, DELEGATE, NOW)


# The page


def test_page_has_what_the_address_registered_for_before(organiser, register, writing, year):
    with writing() as session:
        for other in (2020, 2031):
            make_edition(session, year=other)
    for other in (2020, 2031):
        register(other, email="ana@dofc.test")
    before = register(email="ana@dofc.test")
    cancelled(writing, before)
    page = organiser.get(address(year, register(email="ana@dofc.test")))
    section = page.one("section[aria-labelledby=others]")
    assert "Days of Clusters 2020" in section.text and "2031" not in section.text
    # Of an edition that is somebody else's there is no page to go to.
    assert [link["href"] for link in section.select("a")] == [address(year, before)]
    assert len(page.all("section[aria-labelledby=messages] tbody tr")) == 3


def test_page_leads_along_the_list_from_which_it_was_opened(organiser, register, year):
    for name in ("Zorić", "Abel", "Kovač"):
        register(given_name="Ana", family_name=name, country="RS")
    register(given_name="Ana", family_name="Babić", country="TR")
    page = organiser.get(f"/organise/editions/{year}/registrations?sort=name&country=RS").follow("Ana Kovač")

    def beside(page) -> list[str]:
        return [link.text.split()[-1] for link in page.all("[data-key]")]

    assert beside(page) == ["Abel", "Zorić"]
    page = page.follow("Next: Ana Zorić")
    assert (page.h1, beside(page)) == ("Ana Zorić", ["Kovač"])
    # What is done on the page does not lead away from the list.
    page = page.form("/tag").fill(word="speaker").submit()
    assert beside(page) == ["Kovač"]
    page = page.follow("Change the details").follow("Go back without changes")
    page = organiser.get(page.one(".eyebrow a")["href"])
    assert [row.text for row in page.all("tbody th a")] == ["Ana Abel", "Ana Kovač", "Ana Zorić"]


def test_page_costs_the_same_for_one_registration_and_for_many(organiser, register, writing, year):
    counts = []
    for email, years in (("ana@dofc.test", [2001]), ("ben@dofc.test", range(2002, 2005))):
        with writing() as session:
            for other in years:
                make_registration(session, make_edition(session, year=other), email=email)
        reference = register(email=email)
        with count_queries() as queries:
            assert organiser.get(address(year, reference)).status == 200
        counts.append(len(queries))
    assert counts[0] == counts[1], counts


def test_details_are_changed_without_telling(organiser, register, reading, year):
    reference = register(email="ana@dofc.test")
    page = organiser.get(address(year, reference, "/edit")).form().fill(organisation="Drvo", quiet=True).submit()
    assert "has not been told" in page.text
    assert "The delegate was not told." in page.one("section[aria-labelledby=history]").text
    assert kinds(reading, "ana@dofc.test") == ["registration-confirmed"]


def test_cancelled_registration_is_reinstated_after_asking(organiser, register, writing, reading, year):
    gone = register(given_name="Ana", email="ana@dofc.test")
    for _number in range(3):
        register()
    cancelled(writing, gone)
    page = organiser.get(address(year, gone)).follow("Reinstate this registration")
    assert "No place is free" in page.text
    page = page.form().submit()
    assert page.status == 422 and "Enter a reason" in page.text
    page = page.form().fill(reason="She speaks").submit()
    assert page.status == 422 and "Is this what you want?" in page.text and page.form().value("reason") == "She speaks"
    page = page.form().submit("Yes, add a place and reinstate")
    assert "has a confirmed place again" in page.text
    assert "Reinstated by hand, with a place: She speaks" in page.one("section[aria-labelledby=history]").text
    assert kinds(reading, "ana@dofc.test")[-1] == "registration-confirmed"
    assert "This registration is not cancelled." in organiser.get(address(year, gone, "/reinstate")).text


def test_cancelled_registration_is_reinstated_into_a_free_place(organiser, register, writing, reading, year):
    gone = register(email="ana@dofc.test")
    cancelled(writing, gone)
    page = organiser.get(address(year, gone)).follow("Reinstate this registration")
    assert "A place is free, and nobody is waiting for it." in page.text
    assert "If an option" not in page.text
    with writing() as session:
        make_question(session, edition_by_year(session, year), "dinner", options=("Gala",), places={"gala": 1})
    page = organiser.get(page.url)
    assert "If an option that they had chosen is full by now" in page.text
    page = page.form().fill(reason="She speaks").submit()
    assert "has a confirmed place again" in page.text
    assert kinds(reading, "ana@dofc.test")[-1] == "registration-confirmed"


def test_reinstating_leads_to_the_other_registration_of_the_address(organiser, register, writing, year):
    gone = register(email="ana@dofc.test")
    cancelled(writing, gone)
    again = register(email="ana@dofc.test")
    page = organiser.get(address(year, gone, "/reinstate"))
    assert page.follow(f"Go to {again}").url.endswith(again)


def test_page_offers_what_is_possible(organiser, register, writing, year):
    references = [register() for _number in range(3)]
    confirmed, waiting = (organiser.get(address(year, reference)) for reference in references[1:])
    assert waiting.link("Confirm by hand").endswith(f"?pick={references[2]}&act=confirm")
    assert confirmed.link("Cancel this registration").endswith(f"?pick={references[1]}&act=cancel")
    assert "Confirm by hand" not in confirmed.text
    cancelled(writing, references[1])
    page = organiser.get(address(year, references[1]))
    for words in ("Change the details", "Send the link again", "Cancel this registration", "Confirm by hand"):
        assert words not in page.text


def test_page_shows_nothing_of_a_former_delegate_but_on_record(organiser, register, writing, year):
    reference = register(email="ana@dofc.test", phone="+381 11 123 4567", dietary="No nuts")
    with writing() as session:
        found = session.scalars(select(Registration).where(Registration.reference == reference)).one()
        hand_over(session, found.id, "Marko", "Ilić", "marko@dofc.test", DELEGATE, NOW)
    page = organiser.get(address(year, reference))
    assert "No nuts" not in page.text and "123 4567" not in page.text


def test_page_says_whose_consent_it_has_unless_they_took_the_registration_back(organiser, register, writing, year):
    reference = register()
    with writing() as session:
        found = session.scalars(select(Registration).where(Registration.reference == reference)).one()
        hand_over(session, found.id, "Marko", "Ilić", "marko@dofc.test", DELEGATE, NOW)
    shown = organiser.get(address(year, reference)).one("section[aria-labelledby=consent]").text
    assert "Given by the person who first registered." in shown
    with writing() as session:
        take_back(session, found.id, DELEGATE, NOW)
    shown = organiser.get(address(year, reference)).one("section[aria-labelledby=consent]").text
    assert "Given by the person who first registered." not in shown and "to this text" in shown


def test_links_in_what_happened_act_for_nobody(organiser, register, writing, year):
    reference = register()
    with writing() as session:
        said = {"changes": {"dietary": ["", "see /registrations/7KX9-Q2MB.1.secret/"]}}
        record(session, DELEGATE, NOW, "details_changed", scope=str(year), about=reference, **said)
    story = organiser.get(address(year, reference)).one("#history ~ .timeline").get_text(" ", strip=True)
    assert "Dietary needs: nothing → see /registrations/…/" in story and "secret" not in story


# Changing details


def test_edit_changes_records_and_tells(organiser, register, reading, year, with_mail_server):
    with_mail_server()
    reference = register(given_name="Ana", email="ana@dofc.test")
    form = organiser.get(address(year, reference)).follow("Change the details").form()
    page = form.fill(organisation="Zelena Energija").submit()
    assert "Ana will be told by email" in page.text
    assert "Organisation: Trakya Cluster → Zelena Energija" in page.text
    assert kinds(reading, "ana@dofc.test")[-1] == "registration-changed"
    page = organiser.get(address(year, reference, "/edit")).form().submit()
    assert "Nothing has been changed" in page.text


def test_edit_goes_on_after_the_freeze_date(organiser, register, writing, year):
    reference = register()
    assert "cannot change" not in organiser.get(address(year, reference, "/edit")).text
    with writing() as session:
        session.scalars(select(Edition).where(Edition.year == year)).one().freezes_at = NOW
    page = organiser.get(address(year, reference, "/edit"))
    assert "Delegates have not been able to change their details" in page.text
    assert "→ Niš" in page.form().fill(organisation="Niš").submit().text


def test_edit_keeps_what_was_typed(organiser, register, year):
    page = organiser.get(address(year, register(), "/edit")).form().fill(given_name="", organisation="Niš").submit()
    assert page.status == 422
    assert page.form().value("organisation") == "Niš"


def test_edit_saves_nothing_of_one_person_for_whoever_has_taken_over(organiser, register, writing, reading, year):
    reference = register(given_name="Mona", family_name="Script")
    form = organiser.get(address(year, reference, "/edit")).form().fill(dietary="Mona has a nut allergy")
    with writing() as session:
        found = session.scalars(select(Registration).where(Registration.reference == reference)).one()
        hand_over(session, found.id, "Zoe", "Heir", "zoe@dofc.test", DELEGATE, NOW)
    page = form.submit()
    assert page.status == 422 and "may be somebody else now" in page.text
    assert [page.form().value(name) for name in ("given_name", "family_name")] == ["Zoe", "Heir"]
    assert page.form().value("dietary") == "Mona has a nut allergy"
    with reading() as session:
        assert session.scalars(select(Registration.dietary)).all() == [""]
    page.form().fill(dietary="Vegan").submit()
    with reading() as session:
        assert session.scalars(select(Registration.dietary)).all() == ["Vegan"]


def test_edit_is_over_once_cancelled(organiser, register, writing, year):
    reference = register()
    form = organiser.get(address(year, reference, "/edit")).form().fill(organisation="Niš")
    cancelled(writing, reference)
    for page in (form.submit(), organiser.get(address(year, reference, "/edit"))):
        assert page.status == 403 and "has been cancelled" in page.text


def test_edit_is_over_with_the_edition(organiser, register, writing, year):
    reference = register()
    with writing() as session:
        session.scalars(select(Edition).where(Edition.year == year)).one().status = EditionStatus.ARCHIVED
    page = organiser.get(address(year, reference, "/edit"))
    assert page.status == 403 and "edition is over or has been archived" in page.text


# The link


def test_send_link_writes_once_more(organiser, register, reading, year):
    reference = register(email="ana@dofc.test")
    page = organiser.get(address(year, reference)).form("send-link").submit()
    assert "no mail server is set up" in page.text and "Sent the link again" in page.text
    assert kinds(reading, "ana@dofc.test") == ["registration-confirmed", "registration-link"]


def test_send_link_says_when_it_was_too_often(organiser, register, year):
    form = organiser.get(address(year, register())).form("send-link")
    for _number in range(LINK_LIMITS[0][0] + 1):
        page = form.submit()
    assert "received enough emails for now" in page.text


def test_confirmation_can_be_sent_again(enter, edition, make_app, smtp, register, year):
    browser = enter("organiser", edition, into=make_app(**smtp.settings()))
    reference = register()
    page = browser.get(address(year, reference)).form("send-again").submit()
    assert "The email will be sent again" in page.text
    page = browser.get(address(year, reference)).form("send-link").submit()
    assert "The link will be sent to" in page.text
    # It is still true; a newer one, which says more, replaces it.
    assert "Send the last email again" in page.text
    organiser_says = browser.get(f"{address(year, reference)}/edit").form()
    assert "Send the last email again" not in organiser_says.fill(job_title="Director").submit().text


def test_a_note_about_one_person_is_not_kept_of_whoever_has_taken_over(organiser, register, writing, year):
    reference = register(given_name="Mona", family_name="Script")
    form = organiser.get(address(year, reference)).form("/note").fill(note="Mona arrives late")
    with writing() as session:
        found = session.scalars(select(Registration).where(Registration.reference == reference)).one()
        hand_over(session, found.id, "Zoe", "Heir", "zoe@dofc.test", DELEGATE, NOW)
    page = form.submit()
    assert page.status == 422 and page.h1 == "Zoe Heir" and "may be somebody else now" in page.text
    assert page.form("/note").value("note") == "Mona arrives late"
    assert "Note saved." in page.form("/note").fill(note="Zoe does not").submit().text
