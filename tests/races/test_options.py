"""Twenty people want three places of an option at the same moment, from a site of two processes."""

from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.places.models import Pool
from tests.races.visitors import all_at_once, form_at, registration_form, send
from tests.support.factories import make_edition, make_question
from tests.support.network import NetworkClient

PLACES, PEOPLE = 3, 20
GALA = {"question-dinner": "gala"}


def test_option_is_given_as_often_as_it_has_places_and_again_after_cancelling(
    live_server, database_url, writing, reading
):
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=PEOPLE)
        make_question(session, edition, "dinner", options=("Gala", "Bistro"), places={"gala": PLACES})
        year = edition.year
    site = live_server(database_url, workers=2)
    forms = [registration_form(NetworkClient(site.url), year, f"p{n}@dofc.test", **GALA) for n in range(PEOPLE)]
    answers = all_at_once(send, forms)
    assert sorted(answer.status for answer in answers) == [303] * PLACES + [422] * (PEOPLE - PLACES)
    refused = next(answer for answer in answers if answer.status == 422)
    assert "“Gala” is full" in refused.text and refused.form().value("email")
    assert taken(reading) == PLACES

    links = [answer.headers["Location"] for answer in answers if answer.status == 303]
    leaving = form_at(NetworkClient(site.url), f"{links[0]}cancel")
    # The others send the same form again while one of the three gives up.
    answers = all_at_once(send, [leaving, *(form for form, a in zip(forms, answers, strict=True) if a.status == 422)])
    assert sum(answer.status == 303 for answer in answers[1:]) <= 1
    assert taken(reading) in (PLACES - 1, PLACES)


def taken(reading) -> int:
    """How many places of the option are taken; `flask check` agrees."""
    with reading() as session:
        assert faults(session) == []
        return session.scalars(select(Pool.taken).where(Pool.option_id.is_not(None))).one()
