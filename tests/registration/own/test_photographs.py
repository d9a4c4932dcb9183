"""Consent to photographs can be taken back, whatever is frozen and over, and organisers see it where it matters."""

from datetime import timedelta

import pytest
import time_machine

from dofc_events.accounts.rules import RoleName
from dofc_events.conference.service import archive_edition
from dofc_events.core.audit import COMMAND, history_of
from dofc_events.delegates.queries import token_of
from tests.support.factories import NOW, make_account, make_edition, make_registration

# After the freeze date, and two months after an edition that is then in the archive.
FROZEN, OVER = NOW + timedelta(days=170), NOW + timedelta(days=260)


@pytest.mark.parametrize("at", [FROZEN, OVER])
def test_consent_is_taken_back_after_the_freeze_and_after_the_end(client, writing, reading, sign_in, at):
    with writing() as session:
        edition = make_edition(session)
        person = make_registration(session, edition, photo_consent=True)
        own = f"/registrations/{token_of(person)}/"
        account = make_account(session, role=RoleName.ORGANISER, edition=edition)
        if at is OVER:
            archive_edition(session, edition.id, COMMAND, NOW)
    with time_machine.travel(at, tick=False):
        page = client.get(own)
        assert page.text.count("Change details") == 0
        page = page.follow("Change your mind about photographs").form().fill(photo_consent=False).submit()
        assert "Changes saved." in page.text
        gallery = sign_in(account).get(f"/organise/editions/{edition.year}/memory/photographs")
        assert [row["data-objects"] for row in gallery.all("[data-objects]")] == [person.reference]
        again = client.get(own).follow("Change your mind about photographs").form().submit()
        assert "Nothing has been changed." in again.text
    with reading() as session:
        told = [(entry.actor, entry.changes) for entry in history_of(session, person.reference)]
        assert told[-1] == (f"delegate:{person.reference}", {"photo_consent": [True, False]})


def test_who_has_cancelled_has_nothing_to_take_back(client, writing):
    with writing() as session:
        own = f"/registrations/{token_of(make_registration(session, make_edition(session)))}/"
    with time_machine.travel(NOW, tick=False):
        client.get(own).follow("Cancel this registration").form().submit()
        assert "photographs" not in client.get(own).one("main").get_text()
        assert client.get(f"{own}photographs").status == 403
