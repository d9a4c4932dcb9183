"""What columns are called, and what cells say, in whichever way people write it."""

import pytest

from dofc_events.imports.rules import (
    HEADERS,
    NO_FIELDS,
    country_code,
    guessed_matching,
    header_key,
    is_yes,
    typed_answer,
)
from dofc_events.organise.registrations.export.queries import export_columns
from dofc_events.questions.rules import Kind, Option, OwnQuestion


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Serbia", "RS"),
        ("SRB", "RS"),
        ("rs", "RS"),
        ("Србија", "RS"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Czech Republic", "CZ"),
        ("Kosovo", "XK"),
        ("U.S.A", "U.S.A"),
        ("Болгария", "BG"),
        ("Сърбия", "RS"),
        ("Almanya", "DE"),
        ("Северна Македонија", "MK"),
        ("Řecko", "GR"),
        ("Македония", "MK"),
        ("САЩ", "US"),
        ("Atlantis", "Atlantis"),
        ("", ""),
    ],
)
def test_country_is_found_in_whichever_way_it_is_written(text, code):
    assert country_code(text) == code


@pytest.mark.parametrize(
    ("text", "said"), [("Yes", True), ("да", True), ("1", True), ("", False), ("NO", False), ("не", False), ("?", None)]
)
def test_yes_and_no_are_read_in_several_languages(text, said):
    assert is_yes(text) is said


LABELS = dict.fromkeys(HEADERS, "") | {"question-room": "Which room?"}


def test_matching_is_guessed_by_title_and_by_what_was_said_before():
    header = ("Name *", "E-Mail:", "Фирма", "Bedroom", "email")
    assert guessed_matching(header, {}, LABELS) == ["given_name", "email", "organisation", "", ""]
    known = {header_key("Bedroom"): "organisation", header_key("E-mail"): ""}
    assert guessed_matching(header, known, LABELS) == ["given_name", "", "", "organisation", "email"]
    assert guessed_matching(header, {header_key("Bedroom"): "question-gone"}, LABELS)[3] == ""


def test_own_question_is_found_by_what_it_asks_and_by_its_name_in_our_files():
    assert guessed_matching(("E-mail", "which ROOM?", ""), {}, LABELS) == ["email", "question-room", ""]
    assert guessed_matching(("question-room", "Which room?"), {}, LABELS) == ["question-room", ""]
    assert guessed_matching(("Room", "question-room"), {}, LABELS) == ["question-room", ""]


def test_columns_are_found_by_what_they_are_called_at_home():
    header = ("Jméno", "Příjmení", "Organizace", "Země", "Strava", "Funkce")
    fields = ["given_name", "family_name", "organisation", "country", "dietary", "job_title"]
    assert guessed_matching(header, {}, LABELS) == fields
    header = ("Keresztnév", "Vezetéknév", "Szervezet", "Ország", "Beosztás", "Telefonszám")
    fields = ["given_name", "family_name", "organisation", "country", "job_title", "phone"]
    assert guessed_matching(header, {}, LABELS) == fields


def test_columns_of_our_own_files_are_what_they_are_or_nothing():
    labels = LABELS | {"question-language": "Which language?"}
    fields = [name for name in export_columns((), ()) if name in HEADERS]
    header = (*export_columns((), ()), "trip_wine", "question-language")
    used = [field for field in guessed_matching(header, {}, labels) if field]
    assert used == [*fields, "question-language"]
    assert [title for title in header[:-2] if title not in NO_FIELDS] == fields
    # Another file taught that this is a job.
    known = {"position": "job_title"}
    assert guessed_matching(("reference", "status", "position", "job_title"), known, labels)[2:] == ["", "job_title"]
    assert guessed_matching(("reference", "status", "position"), {}, labels)[2] == ""
    assert guessed_matching(("Reference", "Position"), {}, labels)[1] == "job_title"


OPTIONS = (
    Option(1, "small", "Small", is_retired=False),
    Option(2, "large", "Large, with a hood", is_retired=False),
    Option(3, "blue", "Blue", is_retired=False),
    Option(4, "old", "Old", is_retired=True),
)


@pytest.mark.parametrize(
    ("kind", "text", "typed"),
    [
        (Kind.CHOICE, "SMALL", ("small",)),
        (Kind.CHOICE, "large, with  a hood", ("large",)),
        (Kind.CHOICE, "large", ("large",)),
        (Kind.CHOICE, "Small (waiting)", ("small",)),
        (Kind.SEVERAL, "Large, with a hood (waiting), Blue", ("large", "blue")),
        (Kind.CHOICE, "Small, Blue", None),
        (Kind.CHOICE, "Old", None),
        (Kind.CHOICE, "", ()),
        (Kind.SEVERAL, "Large, with a hood, Blue", ("large", "blue")),
        (Kind.SEVERAL, "small; blue,", ("small", "blue")),
        (Kind.SEVERAL, "small, with a hood", None),
        (Kind.YES_NO, "да", ("yes",)),
        (Kind.YES_NO, "no", ("no",)),
        (Kind.YES_NO, "", ()),
        (Kind.YES_NO, "perhaps", None),
        (Kind.DATE, "2029-06-14", ("2029-06-14",)),
        (Kind.DATE, "14. 6. 2029.", ("2029-06-14",)),
        (Kind.DATE, "47283", ("2029-06-14",)),
        (Kind.DATE, "14/6/2029", ("14/6/2029",)),
        (Kind.NUMBER, "3", ("3",)),
        (Kind.TEXT, "Ana, Bo", ("Ana, Bo",)),
    ],
)
def test_cell_answers_a_question_of_each_kind(kind, text, typed):
    assert typed_answer(OwnQuestion(1, "q", kind, "Q?", "", options=OPTIONS), text) == typed
