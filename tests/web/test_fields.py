"""What people type into a form, and what the form makes of it."""

import pytest
from werkzeug.datastructures import MultiDict

from dofc_events.web.fields import (
    Between,
    CountryField,
    EmailField,
    Line,
    NameLine,
    Paragraphs,
    PhoneField,
    QuotedLine,
    WholeNumberField,
    rank,
)
from dofc_events.web.forms import Form


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("99", 99),
        ("007", 7),
        ("0" * 5000 + "7", 7),
        *((text, 0) for text in ("", "0", "100", "-1", "1.5", "1_0", " 1", "٣", "²", "1st", "9" * 5000)),
    ],
    ids=lambda value: str(value)[:10],
)
def test_a_rank_is_a_number_from_1_to_99_however_many_digits_it_has(text, number):
    assert rank(text) == number


class Numbers(Form):
    class Meta:
        csrf = False

    places = WholeNumberField("Places", [Between(0, 500)])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        (" 500 ", 500),
        *((text, None) for text in ("501", "-1", "1.5", "1_0", "many", "9" * 300, "9" * 4300, "9" * 5000)),
    ],
    ids=lambda value: str(value)[:10],
)
def test_a_whole_number_is_taken_or_refused_in_one_sentence(app, text, number):
    with app.test_request_context(method="POST", data={"places": text}):
        form = Numbers()
        assert form.validate() == (number is not None) and form.places._value() == text
        assert form.places.data == number or form.places.errors == ["Enter a whole number from 0 to 500."]


class Everything(Form):
    class Meta:
        csrf = False

    name = Line("Name", longest=10, missing="Enter a name.")
    note = Line("Note", longest=10)
    person = NameLine("Person", longest=100)
    group = QuotedLine("Group", longest=100)
    text = Paragraphs("Text", longest=20)
    email = EmailField("Address", missing="Enter an address.")
    country = CountryField("Country", missing="Choose a country.")
    phone = PhoneField("Phone")


GOOD = {"name": "Ana", "email": "ana@example.org", "country": "RS"}


@pytest.fixture
def send(app):
    """Fills in the form; returns it, judged."""

    def send(**values) -> Everything:
        with app.test_request_context():
            form = Everything(formdata=MultiDict(GOOD | values))
            form.validate()
            # What is shown is worked out while the language of the request is known.
            form.said = {name: [str(e) for e in errors] for name, errors in form.errors.items()}
            return form

    return send


pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ana@example.org", "ana@example.org"),
        (" ana@example.org \t", "ana@example.org"),
        ("Ana.Kovač@example.org", None),
        ("Ana.K+dofc@Example.ORG", "Ana.K+dofc@example.org"),
        ("ana@пример.бг", "ana@пример.бг"),
        ("ana@xn--e1afmkfd.xn--90ae", "ana@пример.бг"),
        ("ana@münchen.example", "ana@münchen.example"),
        ("ana@東京サイト.example", "ana@東京サイト.example"),
        ("ana@toyota東京.example", "ana@toyota東京.example"),
        # A Cyrillic а in each; the second as servers write it, the third in a part of its own.
        ("ana@pаypal.example", None),
        ("ana@xn--pypal-4ve.example", None),
        ("ana@пример.example", "ana@пример.example"),
        ("ana@gοogle.example", None),
        ("o'neil@example.org", "o'neil@example.org"),
        ("ана@example.org", None),
        ("ana", None),
        ("ana@", None),
        ("@example.org", None),
        ("ana@example", None),
        ("ana@example..org", None),
        ("ana@@example.org", None),
        ("ana b@example.org", None),
        ("ana@exam ple.org", None),
        ("Ana <ana@example.org>", None),
        ("ana@example.org, eva@example.org", None),
        ("ana@[127.0.0.1]", None),
        ("ana@example.org\r\nBcc: eva@example.org", None),
        ("a" * 65 + "@example.org", None),
        ("ana@" + "a" * 250 + ".org", None),
        ("", None),
        ("  ", None),
    ],
)
def test_an_address_is_one_that_every_server_can_deliver_to(send, typed, stored):
    form = send(email=typed)
    assert (form.email.data if not form.email.errors else None) == stored


def test_an_address_in_another_script_is_refused_with_words_that_help(send):
    assert "Use Latin letters before the @" in send(email="ана@example.org").said["email"][0]
    assert "name@example.org" in send(email="ana@example").said["email"][0]
    assert "“pаypal” mixes letters of two alphabets. Is your keyboard" in send(email="ana@pаypal.org").said["email"][0]
    assert send(email=" ").said["email"] == ["Enter an address."]


@pytest.mark.parametrize(
    ("typed", "country", "stored"),
    [
        ("", "RS", ""),
        ("+381 11 123 4567", "RS", "+381 11 1234567"),
        ("+381111234567", "", "+381 11 1234567"),
        ("011 123 4567", "RS", "+381 11 1234567"),
        ("00 381 11 1234567", "DE", "+381 11 1234567"),
        ("02 987 65 43", "BG", "+359 2 987 6543"),
        ("(0212) 555-01-23", "TR", "+90 212 555 01 23"),
        ("12", "RS", None),
        ("call me", "RS", None),
        ("011 123 4567", "ZZ", None),
        ("011 123 4567", "", None),
        ("+999 123456789", "RS", None),
    ],
)
def test_a_number_is_yielded_in_international_form(send, typed, country, stored):
    form = send(phone=typed, country=country)
    assert (form.phone.data if not form.phone.errors else None) == stored


@pytest.mark.parametrize("code", ["RS", "XK", "BA", "KR", "GB"])
def test_a_country_is_shown_again_as_chosen(send, code, app):
    form = send(country=code)
    assert not form.country.errors
    with app.test_request_context():
        assert f'<option value="{code}" selected ' in form.country() and form.country().count("selected") == 1


def test_a_country_is_found_by_other_names_and_codes(send, app):
    form = send()
    with app.test_request_context():
        assert '<option value="RS" selected data-code="SRB" data-alias="Srbija|Србија|' in form.country()


@pytest.mark.parametrize("code", ["", "ZZ", "EU", "rs", "SERBIA", "<script>", "001"])
def test_what_is_no_country_is_refused(send, code, app):
    form = send(country=code)
    assert form.said["country"] == ["Choose a country."]
    with app.test_request_context():
        assert "selected" not in form.country() and "<script" not in form.country()


def test_what_is_no_country_is_still_there(send, app):
    form = send(country=' "Ruritania" ')
    with app.test_request_context():
        assert 'data-typed="&#34;Ruritania&#34;"' in form.country()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Ana  ", "Ana"),
        ("e\u0301", "é"),
        ("e\u0301" * 10, "é" * 10),
        ("민준", "민준"),
        ("x" * 11, None),
        ("   ", None),
        ("a\nb", None),
        ("a\tb", None),
        ("a\x00b", None),
        ("a\u2028b", None),
        ("\u0085", None),
    ],
)
def test_a_line_is_one_line_in_composed_form(send, typed, stored):
    form = send(name=typed)
    assert (form.name.data if not form.name.errors else None) == stored


@pytest.mark.parametrize(
    "name",
    [
        "Dear winner, your prize waits at evil.example/claim",
        "evil.example",
        "http://evil",
        "www.evil",
        "ana@evil.example",
        "evil。example",
        "ｅｖｉｌ．ｅｘａｍｐｌｅ",
        "evil.xn--90a3ac",
        "зло.срб",
        "t.co/a",
        "x.com",
        "Ana (evil.example)",
        # With the space it is taken.
        "Dr.Kovač",
    ],
)
def test_no_address_is_taken_for_a_persons_name(send, name):
    assert "must not contain web or email addresses" in send(person=name).said["person"][0]


@pytest.mark.parametrize(
    "name",
    [
        "St. Anna",
        "A.Kovač",
        "J.R.R. Tolkien",
        "J. R. R. Tolkien",
        "Dr. sc. Ana Kovač",
        "Martin Luther King Jr.",
        "ა.ბერიძე",
        "O’Neil-Šimić",
        "Ana / Ανα",
        "Nguyễn Văn A",
        "Ana @ home",
    ],
)
def test_names_with_full_stops_are_names(send, name):
    assert send(person=name).person.data == name and not send(person=name).said


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("Cluster.NET Ltd", True),
        ("Booking.com", True),
        ("Trakya Kümesi d.o.o./s.r.o.", True),
        ("S.p.A.", True),
        ("St.Anna C@fe", True),
        ("Prof./Dr. Kovač i sinovi", True),
        ("Claim it: evil.example/claim", False),
        ("evil.example:8080/", False),
        ("evil.example?a", False),
        ("(www.evil)", False),
        ("ftp://evil", False),
        ("write to ana@evil.example", False),
    ],
)
def test_an_organisation_may_be_called_like_a_domain_but_not_lead_anywhere(send, name, accepted):
    assert bool(send(group=name).said) != accepted


def test_an_optional_line_may_be_empty(send):
    assert send(note="").note.data == "" == send(note="  ").note.data == send().note.data
    assert send(note="a\nb").said["note"]


def test_line_breaks_of_powerpoint_are_line_breaks(send):
    assert send(text="No nuts\vno milk").text.data == "No nuts\nno milk"
    assert send(text="a\r\nb\u2028c\x85d").text.data == "a\nb\nc\nd"
    assert send(name="Ana\vKovač").name.data == "Ana Kovač"


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ({"text": "No nuts\nno\x07 milk"}, "U+0007 after “no”"),
        ({"text": "No nuts\n\x1bno milk"}, "U+001B at the beginning of line 2"),
        ({"text": "a\x01b\x02c\x03d\x04"}, "U+0001 after “a”, U+0002 after “ab”, U+0003 after “abc”"),
        ({"name": "Ana\tK"}, "a tab after “Ana”"),
        ({"name": "Ana\nK"}, "a line break after “Ana”"),
    ],
)
def test_characters_that_are_refused_are_shown_where_they_are(send, typed, where):
    (name,) = typed
    assert send(**typed).said[name] == [f"Remove what is not allowed here: {where}."]


@pytest.mark.parametrize(
    ("typed", "accepted"), [("One\r\ntwo\tthree", True), ("a\x00b", False), ("a\x1bb", False), ("x" * 21, False)]
)
def test_paragraphs_keep_their_lines_and_have_no_controls(send, typed, accepted):
    assert bool(send(text=typed).text.errors) != accepted
