"""The spellings of a word: whatever somebody types who has another keyboard finds it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dofc_events.delegates.rules import folded
from dofc_events.delegates.spelling.rules import (
    HABITS,
    LONGEST,
    MAX_SPELLINGS,
    READ_AS,
    asked_for,
    keys_of,
    keys_of_number,
    number_asked_for,
    spellings,
)

LETTERS = st.characters(categories=["L", "N", "Mn", "Mc"])
# Names as they come, above all in the scripts in which a letter may be written in several ways.
NAMES = st.one_of(
    st.text(st.sampled_from("abcdxyz" + "".join(letters for letters in HABITS if len(letters) == 1)), max_size=12),
    st.text(st.characters(min_codepoint=0x370, max_codepoint=0x52F), max_size=12),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)


def is_found(typed: str, *texts: str) -> bool:
    """What `delegates/queries.py:found_by` asks the database."""
    keys = keys_of(texts)
    asked = asked_for(typed)
    return bool(asked) and all(any(key.startswith(tuple(beginnings)) for key in keys) for beginnings in asked)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Đorđević", "djordjevic dordevic Đorđević ĐORĐEVIĆ Ђорђевић djordjevich DJORD đorđ ђорђ"),
        ("Ђорђевић", "djordjevic dordevic Đorđević Ђорђевић ЂОРЂЕ"),
        ("Жикић", "zikic zhikic žikić ŽIKIĆ Жикић жик zik"),
        ("Žikić", "zikic zhikic Жикић žikic"),
        ("Шевчук", "shevchuk sevcuk ševčuk Шевчук shevch"),
        ("Щербаков", "shcherbakov shterbakov щербаков"),
        ("Цветанов", "tsvetanov cvetanov"),
        ("Ѓорѓи", "gjorgji gorgi ѓорѓи горги"),
        ("Παπαδόπουλος", "papadopoulos papadopoylos papadopulos παπαδοπουλος ΠΑΠΑΔΌΠΟΥΛΟΣ Παπαδ papad"),
        ("Μπάμπης", "mpampis babis"),
        ("Ευάγγελος", "evangelos evaggelos euangelos ευαγγελος"),
        ("Ξένια", "xenia ksenia ξενια"),
        ("Größl", "groessl grossl größl GRÖSSL GROSSL"),
        ("Groessl", "größl groessl"),
        ("Øre", "oere ore øre"),
        ("Håkan", "hakan haakan"),
        ("Ærø", "aero aeroe"),
        ("Ștefan", "stefan ștefan ştefan shtefan"),
        ("Şahin", "sahin shahin"),
        ("Çiğdem", "cigdem chigdem"),
        ("İbrahim", "ibrahim IBRAHIM İBRAHİM"),
        ("Łódź", "lodz łódź"),
        ("Alexander", "aleksander alexander"),
        ("Aleksandra", "alexandra"),
        ("김", "gim kim 김"),
        ("박지성", "park 박지 bakjiseong"),
        ("გიორგი", "giorgi გიო"),
        ("Հայկ", "hayk"),
        ("王小明", "wangxiaoming wang 王小"),
        # Hebrew and Arabic, by their consonants
        ("דוד לוי", "david levi levy dav דוד"),
        ("אברהם", "avraham abraham"),
        ("יצחק כהן", "yitzhak itzhak cohen kohen"),
        ("שרה", "sarah sara"),
        ("عمر", "omar umar عمر"),
        ("محمد", "muhammad mohamed mehmed"),
        ("يوسف خليل", "yousef yusuf youssef khalil halil"),
        ("فاطمة", "fatima fatma"),
        ("داود", "daoud dawud"),
        ("O’Neill", "oneill O'Neill neill o’neill"),
        ("Jean-Pierre", "jeanpierre jean-pierre pierre"),
        ("7KX9-Q2MB", "7kx9-q2mb 7KX9Q2MB 7kx9 q2mb"),
        ("ana.kovac@nis-cluster.example", "ana.kovac@nis-cluster.example ana@nis anakovac kovac"),
    ],
)
def test_a_name_is_found_when_it_is_typed_in_another_way(name, typed):
    for word in typed.split():
        assert is_found(word, name), word


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Đorđević", "jordjevic"),
        ("John", "joe"),
        ("Ana Kovač", "ana horvat"),
        ("Ana", "anas"),
        ("Rosana", "ana"),
        ("Ana", "☆"),
        ("Ana", "%"),
        ("Ana", "_na"),
        ("Größl", "grissl"),
    ],
)
def test_a_name_is_not_found_when_something_else_is_typed(name, typed):
    assert not is_found(typed, name)


def test_words_are_found_in_any_order_when_all_of_them_begin_one():
    texts = ("Žofia", "Nováková", "100% Cluster_One")
    for typed in ("novakova zofia", "zof nov", "one zofia 100%", "CLUSTER_ONE"):
        assert is_found(typed, *texts), typed
    assert not is_found("zofia other", *texts)


def test_nothing_is_asked_for_when_only_signs_are_typed():
    assert asked_for(" - % ☆ \0 ") == []


def test_beginnings_are_asked_for_once_when_one_implies_another():
    assert asked_for("đ") == [{"d"}]
    # Each also by its consonants, under which Hebrew and Arabic words are found.
    assert asked_for("đorđe x") == [{"djordje", "dorde", "~drd", "~dgrdg"}, {"x", "ks", "~ks"}]


@given(st.lists(NAMES, max_size=3))
@example(["ͺ"])
@example(["¸"])
@example(["a\u0301", "ﬃ ½ Ⅻ"])
def test_every_word_of_a_name_finds_it(texts):
    for text in texts:
        for word in text.split():
            assert is_found(word, *texts) or not asked_for(word), word


@given(NAMES, st.randoms())
def test_every_key_of_a_name_finds_it_and_so_does_its_beginning(name, chance):
    for key in keys_of([name]):
        assert is_found(key, name), key
        assert is_found(key[: chance.randint(1, len(key))], name) or not asked_for(key[:1])


@given(st.text(LETTERS, min_size=1, max_size=200))
def test_a_word_has_few_and_short_spellings_and_its_own_is_one(word):
    found = spellings(word)
    assert len(found) <= 1 + (2 + len(READ_AS)) * MAX_SPELLINGS
    assert all(0 < len(spelling) <= LONGEST for spelling in found)
    assert folded(word)[:LONGEST] in found or not folded(word)


def test_a_long_word_is_found_by_all_of_it_and_kept_short():
    assert all(len(key) <= LONGEST for key in keys_of(["щ" * 100]))
    assert is_found("щ" * 100, "щ" * 100)


def test_habits_are_written_in_small_latin_letters():
    for letters, habits in HABITS.items():
        assert letters == letters.casefold()
        assert all(habit.isascii() and habit.islower() for habit in habits), letters


@pytest.mark.parametrize(
    "typed",
    ["+381 11 123 4567", "+381111234567", "00381 11 1234", "011 123 4567", "11/123-45", "+381 (0)11 1234", "(011) 123"],
)
def test_a_telephone_is_found_as_people_write_it(typed):
    asked = number_asked_for(typed)
    assert asked and any(key.startswith(asked) for key in keys_of_number("+381 11 1234567"))


def test_a_telephone_is_found_without_the_zero_that_belongs_to_it():
    assert number_asked_for("06 1234567") in keys_of_number("+39 06 1234567")


@pytest.mark.parametrize("typed", ["", "2027", "7KX9-Q2MB", "12 ab 345", "Ana", "+", "0000"])
def test_what_is_no_telephone_is_looked_for_as_words(typed):
    assert number_asked_for(typed) == ""


def test_nobody_without_a_telephone_has_a_key_of_one():
    assert keys_of_number("") == set()


@pytest.mark.parametrize(("name", "typed"), [("כהן", "kovac"), ("עמר", "a"), ("Dvd", "david"), ("Димитар", "dmtr")])
def test_consonants_find_nobody_else(name, typed):
    assert not is_found(typed, name)
