"""Who is registered where."""

import pytest
from sqlalchemy import insert, select, text

from dofc_events.delegates.models import Registration, SearchWord
from dofc_events.delegates.queries import (
    found_by,
    live_registration,
    registration_by_form_key,
    registration_by_reference,
    registration_by_token,
    token_of,
)
from dofc_events.registration.service import cancel_registration
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def edition(session):
    return make_edition(session)


@pytest.fixture
def zofia(session, edition):
    return make_registration(
        session,
        edition,
        given_name="Žofia",
        family_name="Nováková",
        email="Zofia@dofc.test",
        organisation="100% Cluster_One \\ Ltd",
        badge_name="Sophie",
    )


def found(session, words) -> list[Registration]:
    return list(session.scalars(select(Registration).where(found_by(words))))


@pytest.mark.databases("sqlite", "postgresql")
def test_a_link_opens_its_registration_until_it_is_replaced(session, zofia):
    token = token_of(zofia)
    assert registration_by_token(session, token) is zofia
    zofia.link_version += 1
    session.flush()
    assert registration_by_token(session, token) is None
    assert registration_by_token(session, token_of(zofia)) is zofia


@pytest.mark.parametrize("place", [0, 5, 10, 20])
def test_a_link_that_was_tampered_with_opens_nothing(session, zofia, place):
    token = token_of(zofia)
    letter = "A" if token[place] != "A" else "B"
    assert registration_by_token(session, token[:place] + letter + token[place + 1 :]) is None


@pytest.mark.parametrize("token", ["", ".", "..", "x", "K.1", "KKKK-KKKK.1.é", "KKKK-KKKK..x", "\u0661.\u0661.x"])
def test_what_is_no_link_opens_nothing(session, zofia, token):
    assert registration_by_token(session, token) is None


@pytest.mark.databases("sqlite", "postgresql")
def test_a_reference_is_found_at_its_own_edition_only(session, edition, zofia):
    other = make_edition(session, year=2030)
    assert registration_by_reference(session, edition.id, zofia.reference) is zofia
    assert registration_by_reference(session, other.id, zofia.reference) is None


def test_a_live_registration_is_found_by_any_spelling_until_it_ends(session, edition, zofia):
    assert live_registration(session, edition.id, " zOFIA@DOFC.test ") is zofia
    assert live_registration(session, edition.id, "other@dofc.test") is None
    cancel_registration(session, zofia.id, DELEGATE, NOW)
    assert live_registration(session, edition.id, "zofia@dofc.test") is None


def test_a_form_key_finds_its_registration(session, zofia):
    assert registration_by_form_key(session, zofia.form_key) is zofia
    assert registration_by_form_key(session, "another") is None


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize(
    "words",
    ["žofia", "ŽOFIA novák", "nováková žofia", "zofia@", "sophie", "100% cluster", "cluster_one", "\\ ltd", "", "  "],
)
def test_found_by_finds_whoever_has_words_that_begin_so(session, edition, zofia, words):
    make_registration(session, edition, given_name="Other", organisation="100 Cluster-One Ltd", badge_name="")
    assert zofia in found(session, words)


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("words", ["žofia other", "%", "_ne_", "sofia", "ther", "\0", "\U0010ffff", "\ud800"])
def test_found_by_takes_nothing_for_a_pattern(session, edition, zofia, words):
    other = make_registration(session, edition, given_name="Other", organisation="100 Cluster-One", badge_name="")
    assert other not in found(session, words)


@pytest.mark.databases("sqlite", "postgresql")
def test_found_by_finds_a_reference(session, edition, zofia):
    make_registration(session, edition)
    assert found(session, zofia.reference.lower()) == [zofia]
    assert found(session, zofia.reference.replace("-", "")) == [zofia]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("words", ["Νικολάου", "ΝΙΚΟΛΑΟΥ", "νικολαου", "dordevic", "DORDEVIĆ", "đorđević"])
def test_found_by_finds_a_name_without_its_accents(session, edition, zofia, words):
    other = make_registration(session, edition, given_name="Đorđević", family_name="Νικολάου")
    assert found(session, words) == [other]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("words", ["djordjevic", "dordevic zikic", "Ђорђевић", "žik", "ZHIKIC"])
def test_found_by_finds_a_name_in_another_script(session, edition, zofia, words):
    other = make_registration(session, edition, given_name="Đorđević", family_name="Жикић")
    assert found(session, words) == [other]


@pytest.mark.databases("sqlite", "postgresql")
def test_found_by_asks_an_index_however_many_spellings_are_looked_for(session, edition, zofia):
    add_words(session, zofia.id, 5000)
    (explain,) = {"sqlite": ["EXPLAIN QUERY PLAN"], "postgresql": ["EXPLAIN"]}[session.get_bind().dialect.name]
    query = select(Registration.id).where(found_by("đorđević zof"))
    statement = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    plan = "\n".join(str(row) for row in session.execute(text(f"{explain} {statement}".replace(":", "\\:"))))
    assert plan.count("ix_search_words_word") >= 2, plan
    assert "SCAN search_words" not in plan and "Seq Scan on search_words" not in plan, plan


def add_words(session, registration_id: int, count: int) -> None:
    """So many words more, enough for PostgreSQL to prefer an index; none is half a reference, which is a word, too."""
    session.execute(
        insert(SearchWord), [{"registration_id": registration_id, "word": f"word{i}"} for i in range(count)]
    )
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ANALYZE search_words"))


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("words", ["+381 11 123 4567", "011 1234567", "00381 11 12"])
def test_found_by_finds_a_telephone(session, edition, zofia, words):
    ana = make_registration(session, edition, phone="+381 11 1234567")
    assert found(session, words) == [ana]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("words", ["david levi", "dav", "דוד"])
def test_found_by_finds_hebrew_by_latin_letters(session, edition, zofia, words):
    david = make_registration(session, edition, given_name="דוד", family_name="לוי", email="x@dofc.test")
    assert found(session, words) == [david]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("words", ["ana.k@dofc.test", " ANA.K@dofc.test ", "Ana Kovač <ana.k@dofc.test>"])
def test_a_whole_address_finds_its_own_registration_alone(session, edition, zofia, words):
    ana = make_registration(session, edition, given_name="Mira", email="ana.k@dofc.test")
    make_registration(
        session, edition, given_name="Ana", family_name="K", email="other@dofc.test", organisation="dofc test"
    )
    assert found(session, words) == [ana]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_whole_address_that_nobody_has_is_looked_for_as_words(session, edition, zofia):
    make_registration(session, make_edition(session, year=2031), email="zofia@dofc.tes")
    here = select(Registration).where(Registration.edition_id == edition.id, found_by("zofia@dofc.tes"))
    assert session.scalars(here).all() == [zofia]
