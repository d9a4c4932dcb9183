"""Times are on the clocks of a place, and each page says once of which."""

import re
from datetime import timedelta

import pytest
import time_machine

from tests import rights
from tests.support.factories import NOW
from tests.support.tree import parsed

pytestmark = pytest.mark.databases("sqlite")

# Before anything has opened, and while registration is open.
MOMENTS = (NOW - timedelta(days=200), NOW)
# They show what emails said.
SHOW_EMAILS = ("privacy.own.my_data", "privacy.own.all_data")
ZONES = re.compile(r"\b(?:Sofia|Belgrade|Prague) time\b")


def test_each_page_names_the_zone_once(app):
    with time_machine.travel(NOW, tick=False):
        values, browsers = rights.make_world(app)
    seen = set()
    for at in MOMENTS:
        with time_machine.travel(at, tick=False):
            for rule in app.url_map.iter_rules():
                if "GET" in rule.methods and not rule.endpoint.startswith(("organise.", *SHOW_EMAILS)):
                    answer = browsers[rights.HOLDER].get(rights.address_of(rule, values, rights.HOLDER))
                    page = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
                    answer.close()
                    named = ZONES.findall(" ".join(main.get_text(" ") for main in parsed(page).select("main")))
                    assert len(named) == len(set(named)), (rule.rule, at, named)
                    seen |= {rule.endpoint} if named else set()
    assert {"public.edition", "public.draw.draw", "registration.own.own", "registration.own.trips"} <= seen
    assert {"hosting.index", "hosting.proposals.own", "hosting.ballots.vote", "groups.index"} <= seen
