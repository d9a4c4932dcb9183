"""Which column is which field, and what a cell says. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from dofc_events.core.countries import country_codes, country_name, search_names, three_letter_codes
from dofc_events.delegates.rules import folded
from dofc_events.questions.rules import FIELD, PICKED, WAITS, Kind, OwnQuestion
from dofc_events.questions.rules import NO as ANSWER_NO
from dofc_events.questions.rules import YES as ANSWER_YES

# Of each country its names in the languages of those who send lists, out of CLDR: only an import reads them.
COUNTRY_NAMES = Path(__file__).parent / "countries.json"
# And those that CLDR does not have, because they are short, or as one says them at home.
SHORT_NAMES = {
    "BA": "bosna|босна|бих",
    "GB": "velika britanija|велика британија|англия|англија|engleska",
    "MK": "makedonya|maqedonia|македония",
    "NL": "holandija|холандия|холандија",
    "RS": "republika srbija|република србија",
    "US": "sad|сад|сащ|сша",
}
# How long a file of people's details waits to be used.
KEPT_FOR = timedelta(days=1)

# What columns are called, folded; of a field that is there twice the first column is taken. The fields' own names, as
# our exports have them, are among them.
HEADERS = {
    "given_name": "given_name|given name|given name or your only name|first name|forename|name|full name|vorname|prenom"
    "|ime|име|имя|имя и фамилия|nume|jmeno|imię|ad|keresztnév|nev|onoma|όνομα",
    "family_name": "family_name|family name|last name|surname|nachname|nom|prezime|презиме|фамилия|фамилно име|prenume"
    "|prijmeni|nazwisko|soyad|vezetéknév|επώνυμο",
    "email": "email|e-mail|mail|email address|e-mail address|mejl|имейл|и-мејл|електронна поща|почта|adresa de email",
    "organisation": "organisation|organization|company|institution|employer|cluster|organizacija|организација"
    "|организация|firma|фирма|unternehmen|organizatie|organizace|organizacja|szervezet|kurum",
    "country": "country|country code|country of your organisation|drzava|zemlja|држава|земља|държава|страна|land|tara"
    "|ulke|země|kraj|ország|χώρα",
    "category": "category|attending as|i am attending as|type|kategorija|категорија|категория|kategorie",
    "job_title": "job_title|job title|position|function|role|title|funkcija|pozicija|funkce|pozice|stanowisko|beosztás"
    "|функција|длъжност|должность",
    "phone": "phone|mobile|mobile phone|telephone|tel|telefon|telefonszám|телефон|mobil|mobitel|handy",
    "badge_name": "badge_name|name on the badge|badge name|badge",
    "dietary": "dietary|dietary needs|diet|food|ishrana|strava|исхрана|хранене",
    "access_needs": "access_needs|access needs|accessibility|special needs",
    "visa_letter": "visa_letter|invitation letter|visa letter|visa|i need an invitation letter for a visa",
    "photo_consent": "photo_consent|photographs|photos|photo consent",
}
# Our files of registrations and of people on trips have these two columns, and others that are no fields, although
# they may be called like one: their position is one on the waiting list.
OUR_FILES = frozenset(("reference", "status"))
NO_FIELDS = OUR_FILES | frozenset(
    "position country_name category_label language registered_at consented_at any_trip tags note arrived_at arrived_on"
    " group group_name own_address boarded".split()
)
# What stands between several options, and how a day is written beside ISO 8601: with the day first, as dots have it.
BETWEEN = re.compile(r"[,;\n]")
DOTTED = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})\.?")
# A workbook counts days from here (ECMA-376, part 1, section 18.17.4.1); those of 2000 to 2100 are meant as days.
DAY_0, COUNTED = date(1899, 12, 30), range(36526, 73416)
YES = frozenset("1 y yes true x ✓ ✔ da да ja oui si igen tak evet ναι".split())
NO = frozenset(("", *"0 n no false - – ne не nein non nu nem nie hayır όχι".split()))


@dataclass(frozen=True)
class Seen:
    """What the page of a trial run had said would be done; `free` counts the places that were."""

    free: int
    registered: tuple[int, ...]
    doubtful: tuple[int, ...]

    @property
    def digest(self) -> str:
        """Represents it in the form that agrees to it."""
        return hashlib.sha256(repr((self.free, self.registered, self.doubtful)).encode()).hexdigest()[:32]


def header_key(header: str) -> str:
    """A header as it is looked up: without case, accents and marks around it."""
    return folded(" ".join(header.replace("*", " ").split())).strip(" :?")


def never_fields(header: Sequence[str]) -> frozenset[str]:
    """Those titles of a file of ours whose columns are no fields, as we write them; none in any other file."""
    return NO_FIELDS if {*header} >= OUR_FILES else frozenset()


def guessed_matching(header: Sequence[str], known: Mapping[str, str], labels: Mapping[str, str]) -> list[str]:
    """The field of each column, "" for none: as it was the last time, else by what it is called; no field twice.

    What our own files say besides fields is none.

    `labels` are the fields that there are, with what they are called here: own questions are found by these alone, and
    by their keys.
    """
    offered, taken, matching = {*labels}, set[str](), []
    ours = {
        key: name
        for name, label in reversed([*labels.items()])
        for said in (label, name, name.removeprefix(FIELD))
        if (key := header_key(said))
    }
    called = ours | _called()
    others = never_fields(header)
    remembered = {field for title in header if title not in others and (field := known.get(header_key(title)))}
    for title in header:
        key = header_key(title)
        field = known[key] if key in known else called.get(key, "")
        if title in others or field not in offered or field in taken or (key not in known and field in remembered):
            field = ""
        taken.add(field)
        matching.append(field)
    return matching


@cache
def _called() -> dict[str, str]:
    return {header_key(title): field for field, titles in HEADERS.items() for title in titles.split("|")}


def country_code(text: str) -> str:
    """The code of a country, whichever way it is written; the text itself if it is none that we know."""
    return _countries().get(folded(text).strip(" ."), text)


@cache
def _countries() -> dict[str, str]:
    elsewhere: dict[str, list[str]] = json.loads(COUNTRY_NAMES.read_text(encoding="utf-8"))
    found = {folded(name): code for code, names in elsewhere.items() for name in names}
    found |= {folded(name): code for code, names in SHORT_NAMES.items() for name in names.split("|")}
    for code in sorted(country_codes()):
        names = (code, *three_letter_codes(code), *search_names(code, "en"), country_name(code, "en"))
        found |= {folded(name): code for name in names}
    return found


def is_yes(text: str) -> bool | None:
    """Whether a cell says yes; None if it says neither yes nor no."""
    word = text.strip().casefold()
    return True if word in YES else False if word in NO else None


def typed_answer(question: OwnQuestion, text: str) -> tuple[str, ...] | None:
    """What the field of a question of an edition's own would be sent for a cell; None if it is no answer to it.

    An option is known by its caption or its key, also where our files say that somebody waits for it; a day also as
    14.6.2029 and as a workbook counts it.
    """
    if not text:
        return ()
    if question.kind in PICKED:
        return _options_in(question, text)
    if question.kind is Kind.YES_NO:
        said = is_yes(text)
        return None if said is None else (ANSWER_YES,) if said else (ANSWER_NO,)
    return (_day_in(text),) if question.kind is Kind.DATE else (text,)


def _options_in(question: OwnQuestion, text: str) -> tuple[str, ...] | None:
    """The options that a cell names; a caption may have commas itself, and the longest that is one is meant."""
    offered = [option for option in question.options if not option.is_retired]
    said = ((words, one.key) for one in offered for words in (one.caption + WAITS, one.key, one.caption))
    known = {_pieces(words): key for words, key in said}
    if question.kind is Kind.CHOICE:
        key = known.get(_pieces(text))
        return None if key is None else (key,)
    left, found = tuple(piece for piece in _pieces(text) if piece), list[str]()
    while left:
        longest = min(len(left), max(len(words) for words in known)) if known else 0
        length = next((n for n in range(longest, 0, -1) if left[:n] in known), 0)
        if not length:
            return None
        found.append(known[left[:length]])
        left = left[length:]
    return tuple(found)


def _pieces(text: str) -> tuple[str, ...]:
    return tuple(" ".join(folded(piece).split()) for piece in BETWEEN.split(text))


def _day_in(text: str) -> str:
    if dotted := DOTTED.fullmatch(text):
        day, month, year = dotted.groups()
        return f"{year}-{month:0>2}-{day:0>2}"
    counted = text.isascii() and text.isdecimal() and len(text) < 6 and int(text) in COUNTED
    return (DAY_0 + timedelta(days=int(text))).isoformat() if counted else text
