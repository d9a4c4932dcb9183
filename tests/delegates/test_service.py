"""Writing what is known of a delegate."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dofc_events.delegates.models import ConsentText
from dofc_events.delegates.service import NoSuchCategory, details_of, keep_consent_text, write_details
from tests.support.factories import NOW, make_edition, make_registration


@pytest.fixture
def delegate(session):
    return make_registration(session, make_edition(session), given_name="Žofia", category="member")


def test_write_details_says_what_changed(session, delegate):
    before = details_of(delegate)
    wanted = replace(before, category="guest", dietary="Vegan", visa_letter=True)
    assert write_details(session, delegate, wanted) == {
        "category": ["member", "guest"],
        "dietary": ["", "Vegan"],
        "visa_letter": [False, True],
    }
    assert details_of(delegate) == wanted
    assert write_details(session, delegate, wanted) == {}


def test_write_details_refuses_a_category_that_the_edition_does_not_have(session, delegate):
    before = details_of(delegate)
    with pytest.raises(NoSuchCategory):
        write_details(session, delegate, replace(before, category="king", dietary="Vegan"))
    assert details_of(delegate) == before


def test_a_consent_text_is_kept_once_word_for_word(session):
    first = keep_consent_text(session, "I agree. Съгласен съм.", "en", NOW)
    assert keep_consent_text(session, "I agree. Съгласен съм.", "en", NOW + timedelta(days=1)) == first
    other = keep_consent_text(session, "I agree. Съгласен съм!", "en", NOW)
    assert other != first
    assert session.get(ConsentText, first).first_shown_at == NOW
    assert session.scalar(select(func.count()).select_from(ConsentText)) == 2
