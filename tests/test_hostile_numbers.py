"""Numbers of thousands of digits, and moments at the ends of the calendar: no page fails for them."""

from itertools import product
from urllib.parse import quote

import pytest
import time_machine
from sqlalchemy import select
from werkzeug.routing import IntegerConverter

from dofc_events.conference.models import Edition
from dofc_events.core.db import unit_of_work
from tests import rights
from tests.support.factories import NOW, make_trip
from tests.support.forms import Form
from tests.support.pages import Client

# More digits than Python reads as a number, the first nine being a small one; and just as many as it reads.
TOO_LONG, LONGEST = "000000001" + "9" * 4991, "9" * 4300
# In some zones there is no such moment.
ENDS_OF_TIME = ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00+23:59", "9999-12-31T23:59:59-12:00")

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def world(app):
    """What the addresses of a site name that has something on every page, and a client for each role."""
    with time_machine.travel(NOW, tick=False):
        values, browsers = rights.make_world(app)
        with app.app_context(), unit_of_work() as session:
            # What is put in order is several.
            make_trip(session, session.scalars(select(Edition).where(Edition.year == rights.YEAR)).one())
        clients = {role: Client(app) for role in browsers}
        for role, client in clients.items():
            client._client = browsers[role]
        yield values, clients


def test_no_address_fails_when_a_number_in_it_has_thousands_of_digits(app, world):
    values, clients = world
    asked = 0
    for rule in app.url_map.iter_rules():
        for name in (name for name, kind in rule._converters.items() if isinstance(kind, IntegerConverter)):
            for number in (TOO_LONG, LONGEST, "9" * 30):
                hostile = values | {key: number for key in values if key.endswith(name)}
                address = rights.address_of(rule, hostile, rights.HOLDER)
                method = "GET" if "GET" in rule.methods else "POST"
                assert clients[rights.CHAIR].open(method, address).status == 404, (rule.rule, name)
                asked += 1
    assert asked > 200


def test_no_list_fails_when_its_address_asks_for_it(world):
    """Where a page begins, what a letter begins from, since when."""
    of_edition = f"/organise/editions/{rights.YEAR}"
    lists = ("registrations", "registrations.csv", "mail", "letters", "letters/new", "audit", "doubles")
    paths = *(f"{of_edition}/{name}" for name in lists), "/organise/mail"
    asked = "after={}", "from={}&after=1", "from={}&after=1&sort=country", "like={}", "since={}"
    for path, question, hostile in product(paths, asked, (TOO_LONG, LONGEST, *ENDS_OF_TIME)):
        address = f"{path}?{question.format(quote(hostile))}"
        assert world[1][rights.CHAIR].get(address, checked=False).status in (200, 404), address[:100]


def test_no_form_fails_when_a_number_in_it_has_thousands_of_digits(app, world):
    """Every field for a number, and every hidden one, of every form that one of these roles is shown.

    Who is shown a page at all is what docs/rights.md says, which is compared with what the site answers.
    """
    values, clients = world
    table, sent = rights.read_document(), set()
    for rule in app.url_map.iter_rules():
        shown = table.get((rights.written(rule), "GET"), {})
        for role in (rights.CHAIR, rights.MEMBER, rights.BOARD, rights.HOLDER):
            if not shown.get(role, "").startswith("200"):
                continue
            page = clients[role].get(rights.address_of(rule, values, role), checked=False, follow=False)
            is_page = page.status == 200 and page.headers["Content-Type"].startswith("text/html")
            for number, tag in enumerate(page.all("form[method=post]") if is_page else ()):
                for field in Form(page, tag)._elements("[inputmode=numeric], [type=hidden]:not([name=csrf_token])"):
                    form = rule.endpoint, number, str(field["name"])
                    for hostile in (TOO_LONG, LONGEST) if form not in sent else ():
                        filled_in = Form(page, tag).forge({form[-1]: hostile})
                        assert filled_in.submit(checked=False, follow=False).status < 500, form
                    sent.add(form)
    names = {name.partition("-")[0] for _, _, name in sent}
    assert {"preference", "order", "capacity", "minimum", "days", "quorum", "criteria", "year", "budget_eur"} <= names
