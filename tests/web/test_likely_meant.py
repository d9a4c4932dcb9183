"""What an address was likely meant to be."""

import pytest

from dofc_events.web.likely_meant import DOMAINS, likely_meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ana@gmial.com", "ana@gmail.com"),
        ("ana@gmail.con", "ana@gmail.com"),
        ("ana@gmail.co", "ana@gmail.com"),
        ("ana@gmaill.com", "ana@gmail.com"),
        ("Ana.K+x@GMIAL.com", "Ana.K+x@gmail.com"),
        ("ana@hotmial.com", "ana@hotmail.com"),
        ("ana@outlok.com", "ana@outlook.com"),
        ("ana@seznam.cy", "ana@seznam.cz"),
    ],
)
def test_one_slip_in_a_well_known_domain_is_asked_about(typed, meant):
    assert likely_meant(typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["", "ana", "@", "ana@", "ana@gmail.com", "ana@abv.bg", "ana@mail.bg", "ana@gmx.at", "ana@gm.com", "a@пошта.срб"],
)
def test_nothing_else_is(typed):
    assert likely_meant(typed) == ""


def test_nobody_is_asked_whose_domain_is_well_known():
    assert not any(likely_meant(f"ana@{domain}") for domain in DOMAINS)
