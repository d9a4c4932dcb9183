"""Possible duplicates: a table of people as they register twice, and of different people who are alike."""

import pytest

from dofc_events.delegates.doubles.rules import Likeness, Traits, names_alike, why_one_person

ANA = {
    "given_name": "Ana",
    "family_name": "Kovač",
    "email_key": "ana.kovac@zelena.test",
    "phone": "+381 11 123 4567",
    "organisation": "Zelena Energija Cluster",
    "country": "RS",
}


def traits(**changes) -> Traits:
    return Traits(**(ANA | {"phone": "", "email_key": "someone.else@mail.test"} | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"given_name": "Kovac", "family_name": "ANA"},
        {"given_name": "Ана", "family_name": "Ковач"},
        {"family_name": "Kovać"},
        {"family_name": "Kovačč", "organisation": "ZELENA ENERGIJA"},
        {"organisation": "Somewhere else"},
        {"given_name": "A.", "country": "BG", "phone": ANA["phone"]},
        {"given_name": "Anna", "country": "BG", "organisation": "", "email_key": "ana.kovac@gmail.test"},
        {"family_name": "Kovačević", "organisation": "", "email_key": "anakovac@zelena.test"},
        {"given_name": "Ana Maria"},
    ],
    ids=str,
)
def test_these_why_one_person(changes):
    ana = Traits(**ANA)
    assert why_one_person(ana, traits(**changes))
    assert why_one_person(traits(**changes), ana)


@pytest.mark.parametrize(
    "changes",
    [
        {"country": "BG", "organisation": "Somewhere else"},
        {"given_name": "Marko"},
        {"given_name": "Marko", "email_key": ANA["email_key"], "phone": ANA["phone"], "family_name": "Ilić"},
        {"given_name": "Ivana", "family_name": "Petrović", "email_key": "info@zelena.test"},
        {"family_name": "", "organisation": "Somewhere else"},
    ],
    ids=str,
)
def test_these_are_two_people(changes):
    assert not why_one_person(Traits(**ANA), traits(**changes))


def test_a_name_without_letters_is_like_no_other():
    assert names_alike(traits(given_name="–", family_name=""), traits()) == 0


def test_nobody_is_alike_for_want_of_a_telephone():
    ann = traits(given_name="Ann", country="BG", organisation="", email_key="ann@other.test")
    assert not why_one_person(ann, traits(country="SI"))


@pytest.mark.parametrize(
    ("changes", "signs"),
    [
        ({"phone": ANA["phone"], "email_key": "ana.kovac@gmail.test"}, ["phone", "mailbox", "organisation", "country"]),
        ({}, ["organisation", "country"]),
        ({"organisation": "Zzz"}, ["country"]),
        ({"organisation": "Zzz", "country": "AU"}, []),
        ({"given_name": "Zzz", "family_name": "Qqq"}, []),
    ],
)
def test_what_two_have_in_common_is_said(changes, signs):
    assert why_one_person(Traits(**ANA), traits(**changes)) == tuple(map(Likeness, signs))
