"""The gallery as everybody sees it, and how somebody has a photograph of themselves taken down."""

from datetime import timedelta

import pytest
import time_machine

from dofc_events.accounts.rules import RoleName
from dofc_events.commands.timers import run_timers
from dofc_events.conference.queries import edition_by_year
from dofc_events.core.audit import COMMAND, AuditEntry
from dofc_events.mail.models import Message
from dofc_events.memory.photographs.models import Objection
from dofc_events.memory.photographs.service import MAX_HIDDEN, unpublish_photograph
from tests.support.databases import count_queries
from tests.support.factories import NOW, make_account, make_edition
from tests.support.pages import Client
from tests.support.photographs import SHOWN, make_photograph

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def gallery(writing):
    """`gallery(3)`: the address of the gallery of an edition with so many photographs and one organiser."""

    def gallery(count: int) -> str:
        with writing() as session:
            edition = make_edition(session, year=2027)
            for number in range(count):
                make_photograph(session, edition, **(SHOWN | {"caption": f"Picture {number}"}))
            make_photograph(session, edition, caption="Not yet")
            make_account(session, email="organiser@dofc.test", role=RoleName.ORGANISER, edition=edition)
        return "/editions/2027/photographs/"

    return gallery


def take_down(client, page, **said):
    return page.follow("This is me, please take it down").form().fill(**said).submit()


def test_one_leads_to_those_before_and_after_it(client, gallery):
    address = gallery(3)
    page = client.get(address)
    assert [row.get_text(strip=True) for row in page.all("[data-photograph] p")] == [f"Picture {n}" for n in range(3)]
    middle = client.get(page.all("[data-photograph] a")[1]["href"])
    assert (middle.h1, middle.one("a[rel=prev]").get_text(strip=True)) == ("Picture 1", "← Previous")
    assert client.get(middle.one("main a[rel=next]")["href"]).h1 == "Picture 2"
    picture = middle.one("main img")
    assert (picture["width"], picture["height"], picture.get("loading")) == ("24", "16", None)
    assert [one["type"] for one in middle.all("main source")] == ["image/avif"]
    assert page.all("main img")[-1].get("loading") is None, "the first ones are seen at once"
    assert client.get(f"{address}4").status == 404, "it is not published"


def test_pages_ask_as_many_queries_for_many_as_for_one(client, gallery, writing, sign_in):
    address = gallery(1)
    with writing() as session:
        account = make_account(session, role=RoleName.CHAIR)
    chair = sign_in(account)
    pages = [(client, address), (client, f"{address}1"), (client, "/editions/2027/"), (client, "/")]
    pages.append((chair, "/organise/editions/2027/memory/photographs"))
    few = [count_of_queries(*page) for page in pages]
    with writing() as session:
        edition = edition_by_year(session, 2027)
        for _more in range(12):
            make_photograph(session, edition, **SHOWN)
    assert [count_of_queries(*page) for page in pages] == few


def count_of_queries(browser: Client, path: str) -> int:
    with count_queries() as queries:
        assert browser.get(path).status == 200
    return len(queries)


def test_what_somebody_wants_taken_down_is_hidden_at_once_and_organisers_are_told_once(
    client, gallery, reading, app, clock, sign_in, writing
):
    address = gallery(3)
    pages = [client.get(f"{address}{number}") for number in (1, 2)]
    file = pages[0].one("main img")["src"]
    for page in pages:
        thanks = take_down(client, page, reason="I am on it.", email="mira@dofc.test")
        assert thanks.h1 == "The photograph is hidden"
    assert [client.get(one, checked=False).status for one in (pages[0].url, file)] == [404, 404]
    with app.app_context():
        run_timers(NOW)
        run_timers(NOW)
    with reading() as session:
        (message,) = session.query(Message).filter_by(kind="photograph-objection")
        assert message.recipient == "organiser@dofc.test"
        assert "Picture 0" in message.text and "Picture 1" in message.text
    clock.shift(timedelta(minutes=10))
    take_down(client, client.get(f"{address}3"))
    with app.app_context():
        run_timers(NOW + timedelta(minutes=10))
        with reading() as session:
            assert session.query(Message).filter_by(kind="photograph-objection").count() == 1, "not so soon again"
        run_timers(NOW + timedelta(minutes=40))
    with reading() as session:
        assert session.query(Message).filter_by(kind="photograph-objection").count() == 2


def test_organisers_delete_it_or_keep_it_for_a_reason_that_is_recorded(client, gallery, enter_organiser, reading):
    address = gallery(2)
    for number in (1, 2):
        take_down(client, client.get(f"{address}{number}"), reason="That is <me>.", email="mira@dofc.test")
    page = enter_organiser.get("/organise/editions/2027/memory/photographs").follow("Read and decide")
    assert page.text.count("That is <me>.") == 2 and "mira@dofc.test" in page.text
    kept, deleted = page.all("[data-photograph]")
    asked = enter_organiser.get(deleted.select_one("a.btn-danger")["href"])
    assert "Photograph deleted." in asked.form("form[novalidate]").submit().text
    form = enter_organiser.get(kept.select_one("a.btn-secondary")["href"]).form("form[novalidate]")
    assert form.submit().status == 422
    assert "Nobody is waiting for a decision." in form.fill(because="Nobody can be recognised.").submit().text
    with reading() as session:
        (objection,) = session.query(Objection)
        assert (objection.reason, objection.email) == ("", ""), "who asked, and why, is no longer kept"
        (entry,) = session.query(AuditEntry).filter_by(act="photograph_kept")
        assert entry.details["because"] == "Nobody can be recognised."
    again = take_down(client, client.get(f"{address}1"))
    assert again.h1 == "The organisers will decide" and client.get(f"{address}1").status == 200


def test_the_second_who_has_the_form_open_is_heard_though_the_first_has_hidden_it(
    client, gallery, enter_organiser, reading, writing
):
    address = gallery(1)
    second = client.get(f"{address}1/take-down").form().fill(reason="So am I.", email="boris@dofc.test")
    assert take_down(client, client.get(f"{address}1")).h1 == "The photograph is hidden"
    decision = enter_organiser.get("/organise/editions/2027/memory/photographs/1/decide").form("form[novalidate]")
    late = client.get(f"{address}1/take-down")
    assert "Somebody else has asked for this photograph" in late.text
    assert "Picture 0" not in late.form().fill(email="nobody").submit().html, "it is hidden"
    assert second.submit().h1 == "The photograph is hidden"
    refused = decision.fill(because="Nobody can be recognised.").submit()
    assert refused.status == 422 and "Somebody else has asked" in refused.text and "So am I." in refused.text
    with reading() as session:
        assert [(one.reason, one.settled_at) for one in session.query(Objection)] == [("", None), ("So am I.", None)]
    assert "Nobody is waiting for a decision." in refused.form("form[novalidate]").submit().text


def test_everyone_who_asks_is_heard_however_many_have(client, gallery, enter_organiser):
    address = gallery(1)
    reasons = [f"I am number {number} from the left." for number in range(1, 8)]
    for reason in reasons:
        client.get(f"{address}1/take-down").form().fill(reason=reason).submit()
    page = enter_organiser.get("/organise/editions/2027/memory/photographs/1/decide")
    assert [reason for reason in reasons if reason not in page.text] == []


def test_what_is_said_of_a_photograph_that_has_gone_tells_nothing_of_those_never_shown(client, gallery, writing):
    address = gallery(1)
    form = client.get(f"{address}1/take-down").form().fill(reason="That is me.")
    with writing() as session:
        unpublish_photograph(session, 1, COMMAND, NOW)
    gone = form.submit()
    assert (gone.status, gone.h1) == (404, "This photograph cannot be seen") and "That is me." in gone.text
    assert "it has been taken down" in gone.text
    pages = {client.get(f"{address}{number}/take-down", checked=False).text for number in (1, 2, 99)}
    assert len(pages) == 1, "the second was never published, and the last is none"


@pytest.fixture
def enter_organiser(app, client, reading, writing, sign_in):
    with writing() as session:
        account = make_account(session, role=RoleName.CHAIR)
    return sign_in(account)


def test_a_stranger_cannot_empty_the_gallery(make_app, gallery, writing):
    address, app = gallery(MAX_HIDDEN + 4), make_app(rate_limits=True)
    stranger = Client(app, base_url="http://dofc.test")
    hidden = [take_down(stranger, stranger.get(f"{address}{n}")).h1 for n in (1, 2, 3, 4, 5, 7, 8)]
    assert hidden == ["The photograph is hidden"] * 5 + ["The organisers will decide"] * 2
    strangers = []
    for number in range(9, 17):
        another = Client(app, base_url="http://dofc.test")
        another._client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
        strangers.append(take_down(another, another.get(f"{address}{number}")).h1)
    assert strangers == ["The photograph is hidden"] * (MAX_HIDDEN - 5) + ["The organisers will decide"]
