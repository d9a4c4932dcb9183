"""A file becomes registrations in steps, each of which an organiser sees before it is taken."""

import io
from typing import Any

import pytest
from sqlalchemy import func, select, text
from xlsxwriter import Workbook

from dofc_events.commands.check import faults
from dofc_events.delegates.models import Registration
from dofc_events.imports.models import ImportFile
from dofc_events.places.models import Claim
from dofc_events.questions.models import EditionQuestion
from dofc_events.questions.queries import answered_by
from dofc_events.registration.service import cancel_registration
from tests.support.factories import DELEGATE, NOW, make_question, make_registration
from tests.support.pages import Page
from tests.support.sheets import read_csv

HEADER = "Vorname,Surname,E-mail,Firma,Land,Type,Photos,Room"


@pytest.fixture
def send(organiser, year):
    """`send("Ana,Kos,…", …)`: the page after a file with these rows was sent."""

    def send(*rows: str, header: str = HEADER, name: str = "people.csv", codec: str = "utf-8") -> Page:
        form = organiser.get(f"/organise/editions/{year}/import").form("form[enctype]")
        content = "\n".join((header, *rows)).encode(codec)
        return form.fill(file=(name, content)).submit()

    return send


def row(name: str, email: str, **other: Any) -> str:
    cells = {"organisation": "Klaster", "country": "Serbia", "type": "Company", "photos": "yes"} | other
    return f"{name},Kos,{email},{cells['organisation']},{cells['country']},{cells['type']},{cells['photos']},12"


def people(reading) -> list[tuple[str, str, str, str]]:
    with reading() as session:
        query = select(Registration, Claim.status).join(Claim, Claim.registration_id == Registration.id)
        return [(p.given_name, p.email, p.country, s) for p, s in session.execute(query.order_by(Registration.id))]


def confirm(page: Page, **values: Any) -> Page:
    return page.form("form:has([name=digest])").fill(**{"told": "yes", "consent": True, **values}).submit()


@pytest.mark.databases("postgresql")
def test_file_registers_people_step_by_step(send, reading, client, year):
    columns = send(row("Ana", "ana@dofc.test"), row("Bo", "bo@dofc.test", country="SRB"), row("Cy", "cy@dofc.test"))
    assert columns.h1 == "Match the columns"
    form = columns.form("form:has([name=column-0])")
    assert [form.value(f"column-{n}") for n in range(8)] == [
        "given_name",
        "family_name",
        "email",
        "organisation",
        "country",
        "category",
        "photo_consent",
        "",
    ]
    check = form.submit()
    assert check.one("[data-ready]")["data-ready"] == "3"
    assert "2 places are free" in check.text
    assert people(reading) == []
    done = confirm(check)
    assert done.url == f"/organise/editions/{year}/registrations"
    assert "3 people have been registered. 1 of them is on the waiting list. " in done.text
    assert "No mail server is set up, so emails are kept and not sent." in done.text
    with reading() as session:
        assert session.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'registrations'")) == 3
    assert people(reading) == [
        ("Ana", "ana@dofc.test", "RS", "confirmed"),
        ("Bo", "bo@dofc.test", "RS", "confirmed"),
        ("Cy", "cy@dofc.test", "RS", "waitlisted"),
    ]


def test_file_with_mistakes_registers_nobody_until_somebody_leaves_them_out(send, reading, organiser):
    mistakes = [
        row("Bo", "bo-at-dofc.test"),
        row("", "cy@dofc.test"),
        row("Di", "di@dofc.test", country="Atlantis"),
        row("Ed", "ed@dofc.test", type="Emperor"),
        row("Fa", "fa@dofc.test", photos="perhaps"),
        row("Ana", "ANA@dofc.test"),
    ]
    check = send(row("Ana", "ana@dofc.test"), *mistakes).form("form:has([name=column-0])").submit()
    assert check.one("[data-failing]")["data-failing"] == "6"
    said = {int(tag["data-row"]): tag.get_text(" ", strip=True) for tag in check.all("tr[data-row]")}
    assert list(said) == [3, 4, 5, 6, 7, 8]
    assert "Enter a complete email address" in said[3] and "“bo-at-dofc.test”" in said[3]
    assert "Given name, or only name: Enter their name." in said[4]
    assert "Choose a country from the list. The row says “Atlantis”." in said[5]
    assert "Attending as: Write one of these: Member of the network, Company, Guest." in said[6]
    assert "“Emperor”" in said[6]
    assert "Write yes or no. The row says “perhaps”." in said[7]
    assert "is already in row 2" in said[8]
    refused = confirm(check)
    assert (refused.status, people(reading)) == (422, [])
    assert "Tick to leave these rows out" in refused.text
    assert refused.form("form:has([name=digest])").value("told") is not None
    failed = read_csv(organiser.get(check.link("Download these rows"), checked=False).data)
    assert failed[0] == [*HEADER.split(","), "What is wrong"]
    assert failed[1][:3] == ["Bo", "Kos", "bo-at-dofc.test"] and "email address" in failed[1][-1]
    assert confirm(refused, leave_out=True).status == 200
    assert [email for _, email, _, _ in people(reading)] == ["ana@dofc.test"]


def test_address_belongs_to_the_first_row_without_a_mistake(send, reading):
    rows = row("Bo", "ana@dofc.test", country="Atlantis"), row("Ana", "Ana@dofc.test"), row("Cy", "ana@dofc.test")
    check = send(*rows).form("form:has([name=column-0])").submit()
    said = {int(tag["data-row"]): tag.get_text(" ", strip=True) for tag in check.all("tr[data-row]")}
    assert list(said) == [2, 4] and "already in row" not in said[2]
    assert "The address ana@dofc.test is already in row 3." in said[4]
    confirm(check, leave_out=True)
    assert [name for name, *_ in people(reading)] == ["Ana"]


def test_rows_to_mend_come_back_as_a_file_like_the_one_that_was_sent(send, organiser):
    rows = HEADER, row("Bo", "bo"), row("Cy", "cy@dofc.test")
    semicolons = [line.replace(",", ";") for line in rows]
    check = send(*semicolons[1:], header=semicolons[0]).form("form:has([name=column-0])").submit()
    failed = organiser.get(check.link("Download these rows"), checked=False)
    assert failed.data.decode("utf-8-sig").splitlines()[0] == f"{semicolons[0]};What is wrong"
    workbook = io.BytesIO()
    with Workbook(workbook, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate(rows):
            sheet.write_row(number, 0, line.split(","))
    form = organiser.get(check.url.rpartition("/import/")[0] + "/import").form("form[enctype]")
    check = form.fill(file=("people.xlsx", workbook.getvalue())).submit().form("form:has([name=column-0])").submit()
    assert check.link("Download these rows").endswith("failing.xlsx")
    assert organiser.get(check.link("Download these rows"), checked=False).data.startswith(b"PK")


def test_file_sent_again_after_mending_registers_nobody_twice(send, reading):
    first = send(row("Ana", "ana@dofc.test"), row("Bo", "bo")).form("form:has([name=column-0])").submit()
    confirm(first, leave_out=True)
    again = send(row("Ana", "ana@dofc.test"), row("Bo", "bo@dofc.test")).form("form:has([name=column-0])").submit()
    assert (again.one("[data-known]")["data-known"], again.one("[data-ready]")["data-ready"]) == ("1", "1")
    confirm(again)
    assert [email for _, email, _, _ in people(reading)] == ["ana@dofc.test", "bo@dofc.test"]
    # The page that was sent is still open in another tab.
    late = confirm(again)
    assert "have already been registered" in late.text
    assert len(people(reading)) == 2


def test_row_that_looks_like_somebody_is_left_out_unless_it_is_ticked(send, register, reading):
    reference = register(
        given_name="Ana", family_name="Kos", organisation="Klaster", country="RS", email="ak@dofc.test"
    )
    check = send(row("Anna", "anna@dofc.test"), row("Bo", "bo@dofc.test")).form("form:has([name=column-0])").submit()
    card = check.one("[data-doubtful-row]")
    assert card["data-doubtful-row"] == "2" and reference in card.get_text()
    refused = check.form("form:has([name=digest])").fill(take="2").submit()
    assert (refused.status, refused.form("form:has([name=digest])").value("take")) == (422, "2")
    confirm(check)
    assert [name for name, *_ in people(reading)] == ["Ana", "Bo"]


def test_row_that_is_somebody_else_is_registered_when_it_is_ticked(send, register, reading):
    register(given_name="Ana", family_name="Kos", organisation="Klaster", country="RS")
    check = send(row("Anna", "anna@dofc.test")).form("form:has([name=column-0])").submit()
    confirm(check, take="2")
    assert [name for name, *_ in people(reading)] == ["Ana", "Anna"]


@pytest.mark.databases("sqlite", "postgresql")
def test_who_has_cancelled_is_left_out_unless_the_row_is_ticked(send, writing, edition, reading, year):
    with writing() as session:
        gone = make_registration(session, edition, given_name="Ana", email="ana@dofc.test")
        back = make_registration(session, edition, given_name="Bo", email="bo@dofc.test")
        for one in (gone, back):
            cancel_registration(session, one.id, DELEGATE, NOW)
        make_registration(session, edition, given_name="Bo", email="bo@dofc.test")
        reference = gone.reference
    rows = row("Ana", "ANA@dofc.test"), row("Bo", "bo@dofc.test"), row("Bo", "bo@dofc.test"), row("Cy", "cy@dofc.test")
    check = send(*rows).form("form:has([name=column-0])").submit()
    counted = check.one("[data-ready]")
    assert [counted[f"data-{kind}"] for kind in ("ready", "doubtful", "known", "failing")] == ["1", "1", "2", "0"]
    assert "1 row has the address of somebody who has cancelled." in counted.get_text()
    card = check.one("[data-doubtful-row='2']").get_text(" ", strip=True)
    assert card.startswith("Cancelled ") and reference in card
    confirm(check)
    assert [name for name, *_ in people(reading)] == ["Ana", "Bo", "Bo", "Cy"]
    again = send(rows[0]).form("form:has([name=column-0])").submit()
    confirm(again, take="2")
    assert [one[::3] for one in people(reading)][-1] == ("Ana", "waitlisted")


def test_mistakes_in_the_row_of_somebody_who_is_registered_stop_nobody(send, register, reading):
    register(given_name="Ana", email="ana@dofc.test")
    rows = row("Ana", "ana@dofc.test", country="Atlantis"), row("Bo", "bo@dofc.test")
    check = send(*rows).form("form:has([name=column-0])").submit()
    assert [check.one(f"[data-{kind}]")[f"data-{kind}"] for kind in ("known", "failing")] == ["1", "0"]
    confirm(check)
    assert [name for name, *_ in people(reading)] == ["Ana", "Bo"]


def test_page_is_shown_again_when_a_place_was_taken_meanwhile(send, register, reading):
    check = send(row("Ana", "ana@dofc.test")).form("form:has([name=column-0])").submit()
    register(given_name="Zoran", family_name="Petrov")
    refused = confirm(check, told="no")
    assert refused.status == 422
    assert "something has changed since you opened this page" in refused.text
    assert refused.one("[data-free]")["data-free"] == "1"
    assert refused.one("[name=told][checked]")["value"] == "no"
    assert len(people(reading)) == 1
    assert refused.form("form:has([name=digest])").submit().status == 200
    assert len(people(reading)) == 2


def test_matching_is_remembered_and_needs_what_everybody_needs(send, organiser, year):
    columns = send("Ana Kos,ana@dofc.test", header="Wer,Wo")
    form = columns.form("form:has([name=column-0])")
    assert [form.value("column-0"), form.value("column-1")] == ["", ""]
    refused = form.fill({"column-0": "given_name", "column-1": "given_name"}).submit()
    assert refused.status == 422
    assert (
        "for two columns" in refused.text
        and "No column has been chosen for “Email address”, “Organisation”, “Country" in refused.text
    )
    again = refused.form("form:has([name=column-0])").fill({"column-1": "email", "country": "RS", "category": "guest"})
    assert again.submit().status == 422
    columns = send("Ana Kos,ana@dofc.test,Dom", header="Wer,Wo,Firma")
    form = columns.form("form:has([name=column-0])")
    form.fill({"column-0": "given_name", "column-1": "email", "country": "RS", "category": "company"})
    assert form.submit().one("[data-ready]")["data-ready"] == "1"
    form = send("Bo Kos,bo@dofc.test,Dom", header="WER,wo:,Firma").form("form:has([name=column-0])")
    assert [form.value(f"column-{n}") for n in range(3)] == ["given_name", "email", "organisation"]


def test_file_can_be_read_in_another_way(send):
    columns = send("Ђорђе;dj@dofc.test", header="Име;Пошта", codec="cp1251")
    assert "Windows-1251 (Cyrillic), separated by: semicolon" in columns.text
    assert "Ђорђе" in columns.text
    wrong = columns.form("/read").fill(encoding="cp1250").submit()
    assert wrong.status == 200 and "Ђорђе" not in wrong.text
    empty = wrong.form("/read").fill(encoding="utf-16").submit()
    assert (
        empty.status == 422
        and "No list can be read from the file in this way. Choose another encoding or separator." in empty.text
    )
    right = empty.form("/read").fill(encoding="cp1251").submit()
    assert "Ђорђе" in right.text


def test_file_that_is_no_list_is_refused_and_a_kept_one_can_be_removed(send, organiser, year, reading):
    refused = send(name="people.xlsx", header="Name")
    assert refused.status == 422 and "This file lists nobody." in refused.text
    send(row("Ana", "ana@dofc.test"))
    index = organiser.get(f"/organise/editions/{year}/import")
    assert "people.csv" in index.text and "by Ana Kovač" in index.text
    assert "The file has been removed" in index.form("/remove").submit().agree().text
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(ImportFile)) == 0


def test_a_thousand_rows_with_twenty_mistakes_are_all_in_after_mending(send, reading):
    def rows(mended: bool) -> list[str]:
        addresses = (f"p{n}@dofc.test" if mended or n % 50 else f"p{n}" for n in range(1000))
        return [f"Person{n},Family{n},{address},Dom {n},RS,Guest,no,1" for n, address in enumerate(addresses)]

    check = send(*rows(mended=False)).form("form:has([name=column-0])").submit()
    assert [int(tag["data-row"]) for tag in check.all("tr[data-row]")] == [2 + n for n in range(0, 1000, 50)]
    confirm(check, leave_out=True)
    again = send(*rows(mended=True)).form("form:has([name=column-0])").submit()
    known, doubtful, ready = (int(again.one(f"[data-{x}]")[f"data-{x}"]) for x in ("known", "doubtful", "ready"))
    assert (known, doubtful + ready) == (980, 20)
    confirm(again, **({"take": [str(tag["value"]) for tag in again.all("[name=take]")]} if doubtful else {}))
    emails = [email for _, email, _, _ in people(reading)]
    assert (len(emails), len(set(emails))) == (1000, 1000)


# Own questions


@pytest.fixture
def asked(writing, edition):
    """An edition that asks: a size that must be answered, a dinner with one place, and a menu for who comes to it."""
    with writing() as session:
        make_question(session, edition, "size", required=True)
        make_question(session, edition, "dinner", options=("Gala", "Home"), places={"gala": 1})
        make_question(session, edition, "menu", "several", shown_when="dinner", shown_for=("gala",))
        make_question(session, edition, "arrival", "date")


def answering(name: str, *cells: str) -> str:
    return ",".join((row(name, f"{name}@dofc.test"), *cells))


OWN = f"{HEADER},Size?,question-dinner,Menu?,Arrival?"


def answers_of_all(reading) -> dict[str, dict[str, str]]:
    with reading() as session:
        assert faults(session) == []
        people = session.scalars(select(Registration)).all()
        return {one.given_name: {a.key: a.words for a in answered_by(session, one.id)} for one in people}


def test_own_questions_are_columns_and_each_wrong_answer_is_named_with_its_row(asked, send, organiser, reading):
    rows = [
        answering("ana", "s", "GALA", "S; L", "14.6.2027"),
        answering("bo", "M", "Gala", "", ""),
        answering("cy", "M", "Bistro", "", "soon"),
        answering("di", "", "Home", "S", ""),
        answering("ed", "L", "Home", "Fish", ""),
    ]
    columns = send(*rows, header=OWN)
    form = columns.form("form:has([name=column-0])")
    names = ["question-size", "question-dinner", "question-menu", "question-arrival"]
    assert [form.value(f"column-{n}") for n in range(8, 12)] == names
    check = form.submit()
    said = {int(tag["data-row"]): tag.get_text(" ", strip=True) for tag in check.all("tr[data-row]")}
    assert list(said) == [3, 4, 5]
    assert "Dinner? “Gala” is full." in said[3]
    assert "Dinner? Write one of these: Gala, Home. The row says “Bistro”." in said[4]
    assert "Arrival? Enter a day as year, month and day, for example 2029-06-14. The row says “soon”." in said[4]
    assert "Size? Answer this question." in said[5]
    assert "left out, in rows: 6." in check.one("[data-dropped]").get_text(" ", strip=True)
    failed = read_csv(organiser.get(check.link("Download these rows"), checked=False).data)
    assert failed[1][8:] == ["M", "Gala", "", "", "Dinner? “Gala” is full."]
    assert answers_of_all(reading) == {}
    confirm(check, leave_out=True)
    ana = {"size": "S", "dinner": "Gala", "menu": "S, L", "arrival": "Monday 14 June 2027"}
    assert answers_of_all(reading) == {"ana": ana, "ed": {"size": "L", "dinner": "Home"}}


def test_row_for_which_an_option_is_full_leaves_its_address_to_the_next(asked, send, reading):
    rows = [row(name, f"{mail}@dofc.test") for name, mail in (("Ana", "ana"), ("Bo", "bo"), ("Cy", "bo"))]
    rows = [",".join((one, "S", dinner, "", "")) for one, dinner in zip(rows, ("Gala", "Gala", "Home"), strict=True)]
    check = send(*rows, header=OWN).form("form:has([name=column-0])").submit()
    assert [tag["data-row"] for tag in check.all("tr[data-row]")] == ["3"]
    confirm(check, leave_out=True)
    assert [*answers_of_all(reading)] == ["Ana", "Cy"]


def test_who_waits_for_an_option_in_our_own_file_waits_for_it_again(edition, writing, send, reading):
    with writing() as session:
        make_question(session, edition, "dinner", options=("Gala", "Home"), places={"gala": 1}, waiting_list=True)
    rows = [
        f"{row(name, f'{name}@dofc.test')},{dinner}" for name, dinner in (("ana", "Gala"), ("bo", "Gala (waiting)"))
    ]
    check = send(*rows, header=f"{HEADER},question-dinner").form("form:has([name=column-0])").submit()
    confirm(check)
    assert answers_of_all(reading) == {"ana": {"dinner": "Gala"}, "bo": {"dinner": "Gala (waiting list)"}}


def test_nobody_is_registered_when_a_ticked_row_or_somebody_quicker_took_the_last_place_of_an_option(
    asked, send, register, reading
):
    register(given_name="Ana", family_name="Kos", organisation="Klaster", country="RS", answers={"size": ("s",)})
    check = send(answering("anna", "S", "Gala", "", ""), answering("bo", "S", "Gala", "", ""), header=OWN)
    check = check.form("form:has([name=column-0])").submit()
    refused = confirm(check, take="2")
    assert refused.status == 422 and "Row 2: Dinner? “Gala” is full." in refused.text
    register(answers={"size": ("s",), "dinner": ("gala",)})
    late = confirm(check)
    assert late.status == 422 and "something has changed since you opened this page" in late.text
    assert late.one("[data-failing]")["data-failing"] == "1"
    assert "bo" not in answers_of_all(reading)


def test_question_without_a_column_is_left_to_the_own_page_and_one_taken_out_is_matched_anew(asked, send, writing):
    columns = send(row("Ana", "ana@dofc.test"))
    check = columns.form("form:has([name=column-0])").submit()
    assert check.one("[data-ready]")["data-ready"] == "1"
    assert "required questions: Size?. Delegates will be asked on their own pages." in check.text
    check = send(answering("bo", "S", "", "", ""), header=OWN).form("form:has([name=column-0])").submit()
    with writing() as session:
        session.scalars(select(EditionQuestion).where(EditionQuestion.key == "arrival")).one().retired_at = NOW
    again = confirm(check)
    assert again.h1 == "Match the columns"
    assert again.form("form:has([name=column-0])").value("column-11") == ""
