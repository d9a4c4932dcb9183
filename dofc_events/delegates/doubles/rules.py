"""Whether two registrations may belong to one person. Pure: what is compared is in `Traits`."""

import enum
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from rapidfuzz import fuzz

from dofc_events.delegates.rules import folded
from dofc_events.delegates.spelling.rules import words_of

# Of 100. A name that is as good as the same, one that may be the same mistyped, and one that is not quite another:
# enough where telephone or mailbox is the same.
SAME, ALIKE, AKIN = 95, 80, 60
ORGANISATIONS_ALIKE, MAILBOXES_ALIKE = 85, 90

# What is compared of a name, and of each word: few people have more, and whoever types more must not cost more.
MAX_WORDS, MAX_SPELLINGS = 8, 16

Spellings = frozenset[str]


@dataclass(frozen=True)
class Traits:
    """What tells people apart, as a registration has it; whatever is not known is ""."""

    given_name: str
    family_name: str
    email_key: str
    phone: str
    organisation: str
    country: str


class Likeness(enum.StrEnum):
    """What two registrations have in common, besides names that are alike; the strongest sign first."""

    PHONE = "phone"
    MAILBOX = "mailbox"
    ORGANISATION = "organisation"
    COUNTRY = "country"


def why_one_person(one: Traits, other: Traits) -> tuple[Likeness, ...]:
    """Why a human should check whether the two are one person; empty if nothing suggests it.

    A name alone is not enough, however common it is: the country, the organisation, the telephone or the mailbox has to
    agree. Names are compared in every spelling and in both orders.
    """
    names = names_alike(one, other)
    if names < AKIN:
        return ()
    signs = {
        Likeness.PHONE: bool(one.phone) and one.phone == other.phone,
        Likeness.MAILBOX: _mailboxes_alike(one.email_key, other.email_key),
        Likeness.ORGANISATION: names >= ALIKE and _organisations_alike(one.organisation, other.organisation),
        Likeness.COUNTRY: names >= SAME and one.country == other.country,
    }
    return tuple(sign for sign, holds in signs.items() if holds)


def names_alike(one: Traits, other: Traits) -> float:
    """How alike two names are, of 100: each word of the shorter one beside the word of the other that is most like it.

    Where one of them is a single word, the rest of the other counts as half unlike: one name is said by many.
    """
    return _alike(_name_words(one), _name_words(other))


def may_be_one_organisation(one: str, other: str) -> bool:
    """Whether two names are so much alike that a human should look, in every spelling and whatever the order."""
    return _alike(_compared(one), _compared(other)) >= ALIKE


def _alike(one: tuple[Spellings, ...], other: tuple[Spellings, ...]) -> float:
    shorter, longer = sorted((one, other), key=len)
    if not shorter:
        return 0
    left, found = list(longer), []
    for word in shorter:
        alike = [_words_alike(word, candidate) for candidate in left]
        found.append(max(alike))
        left.pop(alike.index(found[-1]))
    missing = 1 if len(shorter) == 1 and left else 0
    return (sum(found) + 50 * missing) / (len(found) + missing)


def keys_of_name(traits: Traits) -> set[str]:
    """Search words for the name: anybody with the same name, or half of it, has at least one of them."""
    return {spelling for word in _name_words(traits) for spelling in word}


def _name_words(traits: Traits) -> tuple[Spellings, ...]:
    return _compared(f"{traits.given_name} {traits.family_name}")


@lru_cache(maxsize=4096)
def _compared(name: str) -> tuple[Spellings, ...]:
    """One name is compared with many, a file of names with the same ones again and again."""
    words = words_of(name)[:MAX_WORDS]
    return tuple(frozenset(sorted(word, key=lambda s: (len(s), s))[:MAX_SPELLINGS]) for word in words)


def _words_alike(one: Spellings, other: Spellings) -> float:
    if one & other:
        return 100
    return max(fuzz.ratio(a, b) for a, b in product(one, other))


def _mailboxes_alike(one: str, other: str) -> bool:
    """Whether addresses differ by a slip of the finger, or are one name's at two providers."""
    if not one or not other:
        return False
    (name, _, host), (other_name, _, other_host) = one.rpartition("@"), other.rpartition("@")
    if name == other_name:
        return True
    return host == other_host and _slip(name, other_name)


def _slip(one: str, other: str) -> bool:
    return _plain(one) == _plain(other) or fuzz.ratio(one, other) >= MAILBOXES_ALIKE


def _plain(mailbox: str) -> str:
    return "".join(c for c in mailbox.partition("+")[0] if c.isalnum())


def _organisations_alike(one: str, other: str) -> bool:
    return fuzz.token_set_ratio(folded(one), folded(other)) >= ORGANISATIONS_ALIKE
