"""Twenty people want three places of an option at the same moment, from a site of two processes."""

from typing import Any

from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import LIVE
from tests.races.visitors import all_at_once, form_at, registration_form, send
from tests.support.factories import make_edition, make_question
from tests.support.network import NetworkClient

PLACES, PEOPLE = 3, 20
GALA, SINGLE = {"question-dinner": "gala"}, {"question-hotel": "single"}
WAITING: dict[str, Any] = {"waiting_list": True}


def test_option_is_given_as_often_as_it_has_places_and_again_after_cancelling(
    live_server, database_url, writing, reading
):
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=PEOPLE)
        make_question(session, edition, "dinner", options=("Gala", "Bistro"), places={"gala": PLACES})
        other = make_edition(session, now=now(), year=2028, capacity=PEOPLE)
        make_question(session, other, "hotel", options=("Single", "Double"), places={"single": PLACES}, **WAITING)
        year, other_year = edition.year, other.year
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

    people = [
        registration_form(NetworkClient(site.url), other_year, f"w{n}@dofc.test", **SINGLE) for n in range(PEOPLE)
    ]
    pages = [answer.headers["Location"] for answer in all_at_once(send, people)]
    line = in_line(reading)
    assert [status for _who, status, _position in line] == ["confirmed"] * PLACES + ["waitlisted"] * (PEOPLE - PLACES)
    # Those who have a place, and some of those who wait, give up at the same moment.
    by_name = {f"w{n}": link for n, link in enumerate(pages)}
    gone = [who for who, *_ in [*line[:PLACES], *line[PLACES + 1 : PLACES + 3]]]
    forms = [form_at(NetworkClient(site.url), f"{by_name[who]}cancel") for who in gone]
    assert {answer.status for answer in all_at_once(send, forms)} == {303}
    stay = [who for who, *_ in line if who not in gone]
    assert [(who, status) for who, status, _position in in_line(reading)] == [
        *((who, "confirmed") for who in stay[:PLACES]),
        *((who, "waitlisted") for who in stay[PLACES:]),
    ]
    with reading() as session:
        told = session.scalars(select(Message.recipient).where(Message.kind == "registration-changed"))
        # Who left just after moving up was told as well.
        assert sorted(one for one in told if one.partition("@")[0] in stay) == sorted(
            f"{who}@dofc.test" for who in stay[:PLACES]
        )


def taken(reading) -> int:
    """How many places of the option without a waiting list are taken; `flask check` agrees."""
    with reading() as session:
        assert faults(session) == []
        return session.scalars(select(Pool.taken).where(Pool.option_id.is_not(None)).order_by(Pool.id)).all()[0]


def in_line(reading) -> list[tuple[str, str, int | None]]:
    """Who has a place of the other option, and who waits, the next first; `flask check` agrees."""
    with reading() as session:
        assert faults(session) == []
        query = select(Registration.family_name, Claim.status, Claim.position)
        query = query.join(Claim, Claim.registration_id == Registration.id).join(Pool, Pool.id == Claim.pool_id)
        found = session.execute(query.where(Pool.option_id.is_not(None), Claim.status.in_(LIVE)).order_by(Claim.id))
        rows = [tuple(row) for row in found if row[0].startswith("w")]
        return sorted(rows, key=lambda row: (row[2] is not None, row[2] or 0))
