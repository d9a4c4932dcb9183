"""Saved views: made on the list, found by the other organisers, removed."""

import pytest

from dofc_events.registration.saved import service
from tests.support.factories import make_edition, make_registration


@pytest.fixture
def see(organiser, year):
    return lambda query="": organiser.get(f"/organise/editions/{year}/registrations?{query}")


def shown(page) -> list[str]:
    return [cell.text for cell in page.all("table.list thead th")]


def test_view_is_saved_for_all_organisers_and_opened_by_its_name(see, enter, edition, year, register):
    register(dietary="Vegan")
    page = see("dietary=1&sort=name&columns=phone&columns=dietary&country=").form("/saved")
    page = page.fill(name=" Who eats ").submit()
    assert "View “Who eats” saved" in page.text and shown(page) == ["Delegate", "Mobile phone", "Dietary needs"]
    other = enter("organiser", edition).get(f"/organise/editions/{year}/registrations").follow("Who eats")
    assert (shown(other), other.form(".filters").value("sort")) == (shown(page), "name")
    assert "Have dietary needs" in other.one(".filters-set").text
    audit = other.client.get(f"/organise/editions/{year}/audit")
    assert "Saved the view “Who eats” of the list" in audit.text


def test_view_of_a_name_that_is_there_replaces_it_once_asked_and_can_be_removed(see, organiser, year):
    for query in ("dietary=1", "dietary=1", "noted=1"):
        page = see(query).form("/saved").fill(name="Mine").submit()
    assert page.status == 422 and "There is already a view “Mine”, which shows something else." in page.text
    assert "dietary=1" in page.one("[data-view] a")["href"]
    page = page.form("[action*='/saved?']").submit("replace")
    assert len(page.all(".menu-panel .names a")) == 1
    assert "Have a note" in page.follow("Mine").one(".filters-set").text
    typed = page.follow("Remove a view").form("#save").fill(name="Another")
    page = typed.submit("Remove").agree()
    assert page.form("#save").value("name") == "Another", "what was typed meanwhile is there"
    assert "View “Mine” removed" in page.text and page.all("[data-view]") == []


@pytest.mark.parametrize(("name", "error"), [("", "Enter a name for the view."), ("x" * 61, "at most 60 characters")])
def test_view_needs_a_name(see, name, error):
    page = see("noted=1").form("/saved").fill(name=name).submit()
    assert page.status == 422 and error in page.text
    page = page.form("/saved").fill(name="Noted").submit()
    assert "noted=1" in page.url


def test_views_come_to_an_end(see, monkeypatch):
    monkeypatch.setattr(service, "MAX_VIEWS", 1)
    see().form("/saved").fill(name="One").submit()
    page = see().form("/saved").fill(name="Two").submit()
    assert page.status == 422 and "There are already 1 views" in page.text


def test_view_of_another_edition_is_not_removed(see, enter, writing, year):
    page = see().form("/saved").fill(name="Mine").submit().follow("Remove a view")
    with writing() as session:
        other = make_edition(session, year=2031)
        make_registration(session, other)
    stranger = enter("organiser", other)
    form = stranger.get("/organise/editions/2031/registrations/saved").form("/saved")
    address = str(page.one("[formaction]")["formaction"]).replace(str(year), "2031")
    answer = stranger.post(address, {"csrf_token": form.value("csrf_token")})
    assert "already been removed" in answer.text
    assert len(see().all(".menu-panel .names a")) == 1


def test_what_the_list_does_not_know_is_not_saved(organiser, year):
    assert organiser.get(f"/organise/editions/{year}/registrations/saved?status=nonsense").status == 404
