"""How else a name is written: without its marks, in Latin letters, and as its neighbours' habits have it.

The organisers' search compares the words that somebody typed with the words of a registration. Each word has several
spellings, because nobody knows whose letters they are, or what the keyboard could do.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import islice, product

from anyascii import anyascii
from cyrtranslit import to_latin

from dofc_events.core.normal import normal
from dofc_events.delegates.rules import folded

# Cyrillic letters do not say whose they are: each of these languages reads them in its own way (cyrtranslit).
READ_AS = ("sr", "mk", "bg", "ua", "ru")

# What libraries lack: how people write these letters when they cannot type them. Small letters; one word
# uses one habit for a letter throughout. Every other letter, and those not typed in any such way, are anyascii's.
HABITS = {
    # Bosnian, Croatian, Montenegrin, Serbian, Slovene; with h as English spells the sound
    "đ": ("d", "dj"),
    "č": ("c", "ch"),
    "ć": ("c", "ch"),
    "š": ("s", "sh"),
    "ž": ("z", "zh"),
    # Macedonian, of which the library makes these
    "ǵ": ("g", "gj"),
    "ḱ": ("k", "kj"),
    # Romanian (with comma or cedilla) and Turkish
    "ș": ("s", "sh"),
    "ş": ("s", "sh"),
    "ț": ("t", "ts"),
    "ţ": ("t", "ts"),
    "ç": ("c", "ch"),
    # German, Hungarian, Nordic, Turkish
    "ä": ("a", "ae"),
    "ö": ("o", "oe"),
    "ő": ("o", "oe"),
    "ü": ("u", "ue"),
    "ű": ("u", "ue"),
    "å": ("a", "aa"),
    "ø": ("o", "oe"),
    "æ": ("ae", "a"),
    # Aleksandar is Alexander
    "x": ("x", "ks"),
    # Greek, as passports have it (ELOT 743), as it is spelled letter by letter, and as it sounds
    "ου": ("ou", "oy", "u"),
    "αυ": ("av", "au", "af"),
    "ευ": ("ev", "eu", "ef"),
    "γγ": ("ng", "gg"),
    "μπ": ("mp", "b"),
    "ντ": ("nt", "d"),
    "γκ": ("gk", "g"),
    "ξ": ("x", "ks"),
    "χ": ("ch", "h", "x"),
    "β": ("v", "b"),
    "η": ("i", "h"),
    "υ": ("y", "i", "u"),
    "φ": ("f", "ph"),
    "ω": ("o", "w"),
    # Korean family names, which hardly anybody writes by the rule
    "김": ("gim", "kim"),
    "이": ("i", "lee", "yi"),
    "박": ("bak", "park"),
    "최": ("choe", "choi"),
}

# Hebrew and Arabic are written without most of their vowels, hence "david" is looked for by its consonants. How they
# are spelled in Latin letters differs: all that may be the same letter is one sound here. The longer come first.
SOUNDS = {
    "sch": "s",
    "sh": "s",
    "tz": "z",
    "ts": "z",
    "kh": "k",
    "ch": "k",
    "gh": "k",
    "ph": "p",
    "th": "t",
    "dh": "d",
    "h": "k",
    "q": "k",
    "c": "k",
    "f": "p",
    "v": "b",
    "w": "b",
    "j": "g",
    "x": "ks",
} | dict.fromkeys("aeiou", "")
# Consonants of fewer are shared by too many.
FEWEST_CONSONANTS = 2
# What words never begin with: keys of another kind, which are looked for only as such.
CONSONANTS, NUMBER = "~", "#"
# Fewer digits are no telephone number, but part of a reference or a year.
FEWEST_DIGITS = 5

# A word of many such letters has no more spellings than this in one reading, the likelier ones.
MAX_SPELLINGS = 16
# A name or organisation is found by so many of its words, however many it has: each spelling is a row.
MAX_WORDS = 24
# Of longer words only the beginning is compared.
LONGEST = 60

_HABIT = re.compile(f"({'|'.join(sorted(HABITS, key=len, reverse=True))})")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_WITHOUT_VOWELS = re.compile("[\u0590-\u06ff\u0750-\u077f\u08a0-\u08ff]")
_SOUND = re.compile("|".join(SOUNDS))
_DIALLED = re.compile(r"[+(0-9][0-9 ()/.+-]*")


def keys_of(texts: Iterable[str]) -> set[str]:
    """Everything by which the texts are found: each spelling of each word, and of what has hyphens or dots the whole.

    So the reference 7KX9-Q2MB is found with its hyphen and without, and O’Neill as oneill.
    """
    found = (parts[:MAX_WORDS] for text in texts for parts in islice(_chunks(text), MAX_WORDS))
    words = (word for parts in found for word in {*parts, "".join(parts)})
    return {spelling for word in words for spelling in (*spellings(word), *_consonants_of(word))}


def keys_of_number(phone: str) -> set[str]:
    """Everything by which a telephone number in international form is found: with its country's code, and without."""
    national = phone.partition(" ")[2]
    numbers = ("".join(filter(str.isdigit, number)).lstrip("0") for number in (phone, national))
    return {f"{NUMBER}{number}" for number in numbers if number}


def number_asked_for(text: str) -> str:
    """The beginning of the key of what may be a telephone number, as people write or paste it; "" if it is none."""
    number = text.strip().replace("(0)", "")
    digits = "".join(filter(str.isdigit, number)).lstrip("0")
    return f"{NUMBER}{digits}" if _DIALLED.fullmatch(number) and len(digits) >= FEWEST_DIGITS else ""


def asked_for(text: str) -> list[set[str]]:
    """The search words of what somebody typed: for each word its spellings, one of which has to begin a key."""
    beginnings = map(_without_implied, words_of(text))
    return [{*found, *_consonants_asked_for(found)} for found in beginnings]


def words_of(text: str) -> list[frozenset[str]]:
    """The words of a text, each in every spelling."""
    words = (spellings(word) for parts in _chunks(text) for word in parts)
    # A mark alone is no word.
    return [found for found in words if found]


@lru_cache(maxsize=10_000)
def spellings(word: str) -> frozenset[str]:
    """The word in its own script without case and marks, and every way in which it may be written in Latin letters."""
    own = folded(word)
    readings = [normal("NFC", word.casefold()), own]
    if _CYRILLIC.search(own):
        readings += [to_latin(readings[0], language) for language in READ_AS]
    latin = {_latin(written) for reading in readings for written in _by_habit(reading)}
    return frozenset(spelling[:LONGEST] for spelling in {own, *latin} if spelling)


def _without_implied(beginnings: Collection[str]) -> set[str]:
    return {one for one in beginnings if not any(one != other and one.startswith(other) for other in beginnings)}


def _chunks(text: str) -> Iterable[list[str]]:
    """Splits text at spaces, and each part into words: letters and digits, with their marks."""
    for chunk in normal("NFKC", text).split():
        parts = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in chunk).split()
        if parts:
            yield parts


def _by_habit(reading: str) -> Iterable[str]:
    """The reading with its letters replaced as habits have it, in every combination."""
    pieces = _HABIT.split(reading)
    letters = list(dict.fromkeys(pieces[1::2]))
    for choice in islice(product(*(HABITS[letter] for letter in letters)), MAX_SPELLINGS):
        chosen = dict(zip(letters, choice, strict=True))
        yield "".join(chosen.get(piece, piece) for piece in pieces)


def _consonants_of(word: str) -> set[str]:
    """The keys of a word that is written without its vowels; of v, w and y nobody sees whether they are one."""
    return _consonants(_latin(word), "vw") if _WITHOUT_VOWELS.search(word) else set()


def _consonants_asked_for(found: Iterable[str]) -> set[str]:
    """The beginnings of such keys that somebody may mean who types Latin letters; of double letters one is written."""
    typed = (word for word in found if word.isascii() and word.isalpha())
    return {key for word in typed for key in _consonants(re.sub(r"(.)\1", r"\1", word), "w")}


def _consonants(latin: str, vowels: str) -> set[str]:
    without_w = latin[:1] + re.sub(f"[{vowels}]", "", latin[1:])
    written = {latin, without_w, latin.replace("y", ""), without_w.replace("y", "")}
    sounds = (_SOUND.sub(lambda sound: SOUNDS[sound[0]], each) for each in written)
    return {f"{CONSONANTS}{sound}"[:LONGEST] for sound in sounds if len(sound) >= FEWEST_CONSONANTS}


def _latin(text: str) -> str:
    return "".join(c for c in anyascii(text).lower() if c.isalnum())
