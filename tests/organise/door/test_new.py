"""Somebody who comes without a registration."""

from sqlalchemy import select

from dofc_events.mail.models import Message
from tests.organise.door.conftest import DOOR, counts, names, shown

NEW = f"{DOOR}/new"


def kinds(reading) -> list[str]:
    with reading() as session:
        return [*session.scalars(select(Message.kind).where(Message.recipient == "zikic@dofc.test"))]


def fill_in(page, **changes):
    answers = {
        "given_name": "Ђорђе",
        "family_name": "Жикић",
        "email": "zikic@dofc.test",
        "organisation": "Niš Cluster",
        "country": "RS",
        "category": "member",
        "consent": True,
    }
    return page.form().fill(answers | changes)


def test_somebody_new_gets_a_place_is_checked_in_and_told(desk, change_edition, reading):
    assert desk.get(NEW).status == 403 and "Register somebody new" not in desk.get(DOOR).one("main").get_text()
    change_edition(registers_at_door=True)
    form = fill_in(desk.get(DOOR).follow("Register somebody new"))
    page = form.submit()
    assert names(page) == ["Жикић, Ђорђе"] and shown(page, "[data-arrived]") and counts(page) == ("1", "1")
    assert kinds(reading) == ["registration-confirmed"]
    assert counts(form.submit()) == ("1", "1"), "the same form again registers nobody"
    page = fill_in(desk.get(NEW), given_name="Jovan").submit()
    assert page.status == 422 and page.form().value("given_name") == "Jovan"
    assert names(page.follow("See who is registered with this address")) == ["Жикић, Ђорђе"]


def test_the_next_one_typed_over_the_form_of_the_last_is_registered_as_well(desk, change_edition):
    change_edition(registers_at_door=True)
    form = fill_in(desk.get(NEW))
    form.submit()
    page = form.fill(given_name="Jovan", email="jovan@dofc.test").submit()
    assert page.status == 422 and "You have already registered Ђорђе Жикић with this form" in page.text
    assert names(page.form().submit()) == ["Жикић, Jovan"]


def test_somebody_new_is_refused_and_keeps_what_was_typed_when_no_place_is_free(desk, change_edition, join, reading):
    change_edition(registers_at_door=True)
    for _ in range(3):
        join()
    page = fill_in(desk.get(NEW)).submit()
    assert page.status == 422 and "ask the organisers" in page.text and page.form().value("family_name") == "Жикић"
    assert kinds(reading) == []
