"""A file becomes registrations in steps, each of which an organiser sees before it is taken."""

from typing import Any

import pytest
from sqlalchemy import select

from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim
from tests.support.pages import Page

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


def test_file_registers_people_step_by_step(send, reading, client, year):
    columns = send(row("Ana", "ana@dofc.test"), row("Bo", "bo@dofc.test", country="SRB"), row("Cy", "cy@dofc.test"))
    assert columns.h1 == "Which column is what"
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
    assert "3 people have been registered. 1 of them is on the waiting list. They will be told by email." in done.text
    assert people(reading) == [
        ("Ana", "ana@dofc.test", "RS", "confirmed"),
        ("Bo", "bo@dofc.test", "RS", "confirmed"),
        ("Cy", "cy@dofc.test", "RS", "waitlisted"),
    ]
