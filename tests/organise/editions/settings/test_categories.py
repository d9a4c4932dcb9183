"""The categories in an edition's settings: their order and names, what is removed and what is closed."""

import pytest

from dofc_events.conference.queries import edition_by_year
from dofc_events.delegates.queries import token_of
from dofc_events.registration.service import cancel_registration
from tests.organise.editions.conftest import settings
from tests.support.factories import DELEGATE, NOW, make_registration


def category_row(page, slug):
    """The beginning of the names of a category's fields."""
    hidden = page.one(f'input[name^=categories-][name$=-slug][value="{slug}"]')["name"]
    return str(hidden).removesuffix("slug")


def test_categories_stand_in_an_order_of_ones_own(organiser, client, now_is, year):
    form = settings(organiser, year, "categories").form()
    assert [form.value(f"categories-{number}-order") for number in range(3)] == ["1", "2", "3"]
    form.fill({"categories-2-order": 1, "categories-0-order": 2}).submit()
    assert [c.slug for c in now_is()[0].categories] == ["guest", "member", "company"]
    assert client.get(f"/editions/{year}/register").form().choices("category") == ["", "guest", "member", "company"]


def test_category_that_somebody_has_stays(organiser, writing, now_is, year):
    with writing() as session:
        make_registration(session, edition_by_year(session, year), category="guest")
    page = settings(organiser, year, "categories").form().fill({"categories-2-remove": True}).submit()
    assert page.status == 422
    assert "Somebody is registered as “Guest”" in page.text
    assert [c.slug for c in now_is()[0].categories] == ["member", "company", "guest"]


def test_settings_refuse_to_leave_a_published_edition_without_categories(organiser, now_is, year):
    form = settings(organiser, year, "categories").form()
    page = form.fill({f"categories-{number}-remove": True for number in range(3)}).submit()
    assert page.status == 422
    assert "Leave at least one category open: a published edition needs it." in page.text
    assert len(now_is()[0].categories) == 3


@pytest.mark.parametrize("typed", [{"categories-3-label": "GUEST"}, {"categories-0-label": "guest"}])
def test_the_same_category_is_not_added_twice(organiser, now_is, year, typed):
    labels = [category.label for category in now_is()[0].categories]
    assert "Guest" in labels
    page = settings(organiser, year, "categories").form().fill(typed).submit()
    (link,) = page.all(".error-summary a")
    assert page.status == 422 and "There are two categories called “" in link.get_text()
    assert [category.label for category in now_is()[0].categories] == labels


def test_forged_slug_makes_a_new_category(organiser, now_is, year):
    settings(organiser, year, "categories").form().forge(
        {"categories-3-slug": "<b>", "categories-3-label": "Press"}
    ).submit()
    assert [c.slug for c in now_is()[0].categories] == ["member", "company", "guest", "press"]


def test_category_that_only_cancelled_registrations_use_can_be_removed(organiser, year, writing, reading):
    with writing() as session:
        person = make_registration(session, edition_by_year(session, year), category="company")
    page = settings(organiser, year, "categories")
    remove = {f"{category_row(page, 'company')}remove": True}
    refused = page.form().fill(remove).submit()
    assert refused.status == 422 and "or close it to newcomers" in refused.text
    with writing() as session:
        cancel_registration(session, person.id, DELEGATE, NOW)
    page = settings(organiser, year, "categories").form().fill(remove).submit()
    assert page.status == 200 and not page.all('input[value="company"]')
    assert "Company" in organiser.get(f"/organise/editions/{year}/registrations/{person.reference}").text
    # Another one of that name is another one.
    settings(organiser, year, "categories").form().fill(
        {f"categories-{len(page.all('.category-row'))}-label": "Company"}
    ).submit()
    with reading() as session:
        assert [c.slug for c in edition_by_year(session, year).categories][-1] == "company-2"


def test_closed_category_keeps_its_delegates_and_takes_no_newcomers(organiser, client, year, writing):
    with writing() as session:
        person = make_registration(session, edition_by_year(session, year), category="company")
        own = f"/registrations/{token_of(person)}/"
    page = settings(organiser, year, "categories")
    page.form().fill({f"{category_row(page, 'company')}closed": True}).submit()
    assert settings(organiser, year, "categories").form().value(f"{category_row(page, 'company')}closed") == "y"
    assert "company" not in client.get(f"/editions/{year}/register").form().choices("category")
    edit = client.get(f"{own}edit").form()
    assert edit.value("category") == "company" and edit.fill(job_title="Head").submit().status == 200
    trail = organiser.get(f"/organise/editions/{year}/audit").text
    assert "Changed which categories are closed to newcomers" in trail
    every = {f"{category_row(page, slug)}closed": True for slug in ("member", "company", "guest")}
    refused = settings(organiser, year, "categories").form().fill(every).submit()
    assert refused.status == 422 and "Leave at least one category open" in refused.text
