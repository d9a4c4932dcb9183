"""What columns are called, and what cells say, in whichever way people write it."""

import pytest

from dofc_events.imports.rules import HEADERS, country_code, guessed_matching, header_key, is_yes


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


def test_matching_is_guessed_by_title_and_by_what_was_said_before():
    header = ("Name *", "E-Mail:", "Фирма", "Room", "email")
    assert guessed_matching(header, {}, HEADERS) == ["given_name", "email", "organisation", "", ""]
    known = {header_key("Room"): "organisation", header_key("E-mail"): ""}
    assert guessed_matching(header, known, HEADERS) == ["given_name", "", "", "organisation", "email"]
    assert guessed_matching(header, {header_key("Room"): "question-gone"}, HEADERS)[3] == ""
