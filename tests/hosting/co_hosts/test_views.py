"""What a co-host sees and confirms, by its link."""

import re

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.hosting.models import CoHost
from dofc_events.mail.models import Message
from tests.support.factories import NOW
from tests.support.hosting import make_call, make_proposal


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def test_a_co_host_confirms_by_its_own_link_and_a_look_confirms_nothing(client, writing, reading):
    with writing() as session:
        make_proposal(session, make_call(session), co_hosts="Museum, m@brno.test", funding="Secret funds")
    with reading() as session:
        text = session.scalars(select(Message.text).where(Message.recipient == "m@brno.test")).one()
    link = re.search(r"/hosting/co-host/\S+", text)[0]

    def confirmed():
        with reading() as session:
            return session.scalars(select(CoHost.confirmed_at)).one()

    page = client.get(link)
    assert "names Museum as a co-host" in page.text and "Secret" not in page.text and "m@brno" not in page.text
    assert confirmed() is None
    page = page.form().submit()
    assert "Museum is a co-host" in page.h1 and confirmed() == NOW
    assert client.get(link[:-3]).status == 404
