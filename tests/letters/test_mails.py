"""A letter as one delegate gets it: filled in, and nothing of what they typed is taken for anything but text."""

import re

import pytest

from dofc_events.letters.mails import as_html, as_text, letter_to, values_for
from dofc_events.letters.models import Letter
from dofc_events.letters.rules import PLACEHOLDERS, Anchor
from dofc_events.letters.texts import starters
from dofc_events.notices.queries import standing_of
from tests.letters.conftest import write
from tests.support.factories import NOW, make_edition, make_registration, make_trip

# What an email says does not depend on the database.
pytestmark = pytest.mark.databases("sqlite")

SITE = "http://dofc.test"
OWN = f"{SITE}/registrations/abc.1.x/"


@pytest.fixture
def person(session):
    edition = make_edition(session, year=2027)
    make_trip(session, edition, "wine", title="Wine")
    return make_registration(
        session, edition, given_name="**Ana** <b>", family_name="{own_page}", trips=("wine",), email="ana@dofc.test"
    )


def letter_for(session, person, **values) -> Letter:
    return session.get_one(Letter, write(session, person.edition, **values))


def test_every_placeholder_has_a_value(session, person):
    values = values_for(standing_of(session, person.id))
    assert set(values) == set(PLACEHOLDERS) and all(values.values())
    assert (values["place"], values["trips"], values["city"]) == ("confirmed", "Wine (seat confirmed)", "Sofia")
    assert (values["organisation"], values["category"]) == (person.organisation, person.category.label)


def test_place_says_where_one_stands_on_the_waiting_list(session):
    edition = make_edition(session, capacity=0)
    make_registration(session, edition)
    second = make_registration(session, edition)
    assert values_for(standing_of(session, second.id))["place"] == "on the waiting list, number 2"


def test_a_name_injects_nothing(session, person):
    envelope = letter_to(
        letter_for(session, person, body="Dear {full_name}, **hello**"), standing_of(session, person.id)
    )
    assert "Dear **Ana** <b> {own_page}, hello" in envelope.text
    assert "Dear **Ana** &lt;b&gt; {own_page}, <strong>hello</strong>" in envelope.html
    assert envelope.text.count("/registrations/") == 1, "only the link that every letter ends with"


def test_a_name_injects_nothing_into_the_subject(session, person):
    letter = letter_for(session, person)
    letter.subject = "{given_name} in {city}"
    assert letter_to(letter, standing_of(session, person.id)).subject == "**Ana** <b> in Sofia"


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("[your page]({own_page})", f'<p><a href="{OWN}" rel="nofollow noopener">your page</a></p>'),
        ("[your page]( {own_page} )", f'<p><a href="{OWN}" rel="nofollow noopener">your page</a></p>'),
        ("See {own_page}.", f'<p>See <a href="{OWN}" rel="nofollow noopener">{OWN}</a>.</p>'),
        ("_{given_name}_ <i>", "<p><em>A&#34;n_a&lt;</em> &lt;i&gt;</p>"),
        ("## {given_name}", "<h3>A&#34;n_a&lt;</h3>"),
    ],
)
def test_placeholders_are_filled_in_after_the_markdown(body, html):
    values = dict.fromkeys(PLACEHOLDERS, "x") | {"own_page": OWN, "given_name": 'A"n_a<'}
    assert as_html(body, values, SITE).strip() == html


def test_the_text_part_reads_like_a_letter():
    body = "## Hello\n\n- **Here:** [the map](https://dofc.test/map)\n- *you*: [you]({own_page})"
    text = as_text(body, {"own_page": OWN}, SITE)
    assert text == f"Hello\n\n- Here: the map <https://dofc.test/map>\n- you: you <{OWN}>"


def test_both_parts_of_a_letter_say_what_was_typed(session, person):
    """Dates keep their numbers, lines their ends, and a page of ours has its whole address."""
    body = "21. October: {given_name}\n23. October: home\n\n09:00 doors\n10:00 begin\n\n[All](/editions/) www.dofc.test"
    envelope = letter_to(letter_for(session, person, body=body), standing_of(session, person.id))
    assert envelope.text.startswith(
        "21. October: **Ana** <b>\n23. October: home\n\n09:00 doors\n10:00 begin\n\n"
        "All <http://dofc.test/editions/> www.dofc.test\n"
    )
    for piece in ('<li value="21"', '<li value="23"', "09:00 doors<br>", 'href="http://dofc.test/editions/"'):
        assert piece in envelope.html
    assert 'href="https://www.dofc.test"' in envelope.html


def test_long_lines_of_a_letter_go_on_below_their_beginning(session, person):
    body = f"- {'word ' * 20}\n\n> {'word ' * 20}"
    lines = letter_to(letter_for(session, person, body=body), standing_of(session, person.id)).text.splitlines()
    assert (lines[1][:6], lines[4][:6]) == ("  word", "> word")


def test_a_letter_says_why_one_gets_it_and_whom_to_write_to(session, person):
    envelope = letter_to(letter_for(session, person), standing_of(session, person.id))
    for part in (envelope.text, envelope.html):
        words = " ".join(part.split())
        assert "because you registered for Days of Clusters 2027" in words
        assert person.reference in words and "host@dofc.test" in words and "/registrations/" in words
    assert (envelope.kind, envelope.scope, envelope.about) == ("announcement", "2027", person.reference)


@pytest.mark.parametrize("name", ["practical", "thanks", "closing", "waiting"])
def test_our_own_texts_can_be_filled_in(app, session, person, name):
    with app.test_request_context():
        starter = starters()[name]
    letter = letter_for(session, person, body=starter.body, anchor=starter.anchor, days=starter.days)
    letter.subject = starter.subject
    envelope = letter_to(letter, standing_of(session, person.id))
    text = envelope.text.replace("{own_page}", "")
    assert "{" not in envelope.subject + text, "nothing is left in braces but that name"
    reminder = starter.anchor in (Anchor.BEGINS, Anchor.CLOSES)
    assert envelope.kind == ("reminder" if reminder else "announcement")
    if starter.anchor == Anchor.BEGINS:
        assert envelope.expires_at == person.edition.begins_at() > NOW


@pytest.mark.parametrize(
    "body",
    [
        "[here](https://evil.example/?u={own_page})",
        "[here](<https://evil.example/{own_page}>)",
        "[here](\nhttps://evil.example/?u={own_page}\n)",
        "https://evil.example/?u={own_page}",
        "https://evil.example/{own_page}/x",
        "[here](https://evil.example/?u=https://own-page.invalid)",
        "[here](https://evil.example/?u=https://own-page.inhttps://own-page.invalidvalid)",
        "[here](https://evil.example/?u=https://OWN-PAGE.invalid)",
        "https://evil.example/?u=https://own-page.invalid",
        '[here](https://evil.example/ "{own_page}")',
        "<https://evil.example/?u={own_page}>",
        "www.evil.example?{own_page}",
    ],
)
def test_the_link_that_acts_is_no_part_of_another_address(body):
    values = dict.fromkeys(PLACEHOLDERS, "x") | {"own_page": "https://dofc.test/registrations/SECRET/"}
    html, text = as_html(body, values, "https://dofc.test"), as_text(body, values, "https://dofc.test")
    for address in re.findall(r'(?:href|title)="([^"]*)"', html):
        assert "SECRET" not in address or address == values["own_page"], html
    for word in re.split(r"[\s<>]+", text):
        assert "SECRET" not in word or word.strip("()[].") == values["own_page"] or "evil" not in word, text


def test_a_subject_that_was_written_before_has_no_link(session, person):
    letter = letter_for(session, person)
    letter.subject = "Your page: {own_page}"
    assert letter_to(letter, standing_of(session, person.id)).subject.strip() == "Your page:"
