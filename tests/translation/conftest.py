"""A language that marks all that was translated, and what shows words of ours."""

import re
from datetime import timedelta
from gettext import NullTranslations
from typing import Any

import pytest
import time_machine
from flask_babel import Domain

from dofc_events.core.countries import country_names
from dofc_events.delegates.queries import token_of
from dofc_events.places.rules import ClaimStatus
from dofc_events.web.translation import Catalogues
from tests.support.factories import NOW, claim_of, make_account, make_edition, make_registration

# What people and organisations typed, in letters that our English does not use.
DATA: dict[str, Any] = {
    "city": "Ниш",
    "venue": "Дом",
    "venue_address": "Улица 12",
    "summary": "Три дана.",
    "programme": "## Четвртак",
    "contact_name": "Елена",
    "contact_email": "е@примјер.срб",
    "categories": [("guest", "Гост"), ("member", "Члан")],
}

PERSON: dict[str, Any] = {
    "given_name": "Ана",
    "family_name": "Ковач",
    "organisation": "Кластер",
    "job_title": "Шеф",
    "dietary": "Без ораха",
    "access_needs": "Рампа",
    "category": "guest",
    "visa_letter": True,
}

SAID = ("aria-label", "alt", "title", "data-results", "data-none", "data-unmatched", "data-choices", "placeholder")

# The name of the conference is the same in every language; dates and countries come from CLDR, not from our catalogue.
NOT_OURS = re.compile(
    r"Days of Clusters|Balkan and Black Sea Cluster Network|[\w.-]+@[\w.-]+|https?://\S+|/\S+\.\w+|"
    r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b|\b(Nov|January|February|March|April|May|June|July|August|September|October|November"
    r"|December|(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b|"
    + "|".join(map(re.escape, sorted(country_names("en").values(), key=len, reverse=True)))
)

MARKED = re.compile(r"⟦[^⟦⟧]*⟧")


class Marked(NullTranslations):
    """Puts every text that it is asked for into brackets."""

    def ugettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ungettext(self, singular: str, plural: str, number: int) -> str:
        return f"⟦{singular if number == 1 else plural}⟧"


@pytest.fixture(autouse=True)
def _marked(monkeypatch):
    for domain in (Domain, Catalogues):
        monkeypatch.setattr(domain, "get_translations", lambda domain: Marked())
    with time_machine.travel(NOW, tick=False):
        yield


def unmarked(text: str) -> str:
    """What is left of a text without the brackets (and brackets in brackets), and without what is not ours."""
    while MARKED.search(text):
        text = MARKED.sub(" ", text)
    return " ".join(re.findall(r"[A-Za-z]{2,}", NOT_OURS.sub(" ", text)))


def check(page) -> None:
    """Nothing on a page that a person reads or hears is outside the brackets."""
    found = [unmarked(page.title)]
    for tag in page.all("*"):
        found += [unmarked(tag[name]) for name in SAID if tag.has_attr(name)]
    for code in page.all("code"):
        code.remove()
    found += map(unmarked, page.one("body").get_text("\0").split("\0"))
    assert not any(found), f"{page.url} is not translated: {[text for text in found if text]}"


@pytest.fixture
def edition(writing):
    with writing() as session:
        make_account(session, "chair@dofc.test", name="Елена")
        return make_edition(session, year=2027, capacity=5, **DATA)


@pytest.fixture
def own(app, writing, edition):
    """The address of the own page of somebody whose claim stands like this."""

    def own(standing=ClaimStatus.CONFIRMED, **columns) -> str:
        with writing() as session:
            edition_there = session.get_one(type(edition), edition.id)
            registration = make_registration(session, edition_there, **PERSON)
            claim = claim_of(session, registration)
            claim.status = standing
            claim.position = {ClaimStatus.WAITLISTED: 7, ClaimStatus.REQUESTED: 8}.get(standing)
            if standing is ClaimStatus.OFFERED:
                claim.offered_at, claim.offered_until = NOW, NOW + timedelta(hours=5)
            registration.ended_at = NOW if standing is ClaimStatus.CANCELLED else None
            for name, value in columns.items():
                setattr(edition_there, name, value)
        with app.app_context():
            return f"/registrations/{token_of(registration)}/"

    return own
