"""Messages in a real browser, as narrow as the phones on which they are read."""

import pytest
from markupsafe import Markup

from dofc_events.notices import mails
from dofc_events.notices.queries import standing_of
from tests.support.browser import TOO_WIDE
from tests.support.factories import make_edition, make_registration, make_trip

LONG = "https://events.example.org/" + "x" * 90


@pytest.mark.databases("sqlite")
def test_a_message_fits_a_narrow_phone_with_long_links(browser, session):
    edition = make_edition(session, venue="V" * 90)
    make_trip(session, edition, "wine", title="T" * 90)
    standing = standing_of(session, make_registration(session, edition, trips=("wine",)).id)
    tab = browser.open("http://dofc.test", (320, 640))
    said = Markup("<p>{}</p>").format(LONG)
    for envelope in (
        mails.registration_confirmed(standing, {}),
        mails.registration_cancelled(standing, {}),
        mails.edition_changed(standing, edition, "announcement", LONG, said),
    ):
        tab.page.set_content(envelope.html)
        assert tab.page.evaluate(TOO_WIDE) == "", envelope.subject
