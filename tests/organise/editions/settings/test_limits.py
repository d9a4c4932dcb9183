"""Limits of categories, from the settings to the form and the delegate's own page."""

from tests.organise.editions.conftest import settings
from tests.registration.conftest import ANSWERS


def limit_guests(organiser, year: int, number: str):
    return settings(organiser, year, "categories").form().fill({"categories-2-limit": number}).submit()


def test_a_full_category_says_so_and_loses_nothing(organiser, client, year):
    settings(organiser, year, "places").form().fill(capacity=10).submit()
    assert "Settings saved." in limit_guests(organiser, year, "1").text
    form = f"/editions/{year}/register"

    def register(email: str, category: str):
        answers = ANSWERS | {"email": email, "category": category}
        return client.get(form).form().fill(answers).submit()

    def status(page) -> str:
        return page.one("[data-registration-status]")["data-registration-status"]

    assert status(register("one@dofc.test", "guest")) == "confirmed"
    page = client.get(form)
    assert page.one("option[value=guest]").get_text() == "Guest (full)"
    assert "In a category that is full, you join its waiting list" in page.text

    own = register("two@dofc.test", "guest")
    assert status(own) == "waitlisted"
    assert "All places for “Guest” are taken. There are free places in other categories" in own.text
    assert own.one("[data-waiting-position]")["data-waiting-position"] == "1"

    third = register("three@dofc.test", "company")
    edit = client.get(f"{third.url}edit").form().fill(category="guest", job_title="Director").submit()
    assert edit.status == 422 and "This category is full" in edit.text
    assert edit.form().value("job_title") == "Director"

    overview = organiser.get(f"/organise/editions/{year}/")
    assert "Guest: 1 of 1 taken · full" in overview.one("[data-limit=guest]").get_text()
    assert "at least 1 for “Guest”" in limit_guests(organiser, year, "0").text

    asked = limit_guests(organiser, year, "2")
    assert asked.status == 422 and "1 person" in asked.text
    asked.form().submit("Yes, save")
    assert status(client.get(own.url)) == "offered"
