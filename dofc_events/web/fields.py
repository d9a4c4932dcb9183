"""Form fields that several features use: names in any script, email addresses, countries, telephone numbers."""

import re
import unicodedata
from collections.abc import Callable, Collection
from functools import cache
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import Field, IntegerField, StringField, TextAreaField, ValidationError
from wtforms.utils import unset_value
from wtforms.validators import InputRequired, Length, NumberRange, Optional, StopValidation
from wtforms.widgets import html_params

from dofc_events.core.countries import country_codes, country_names, search_names, three_letter_codes
from dofc_events.core.normal import normal
from dofc_events.core.slugs import LONGEST_SLUG, SLUG
from dofc_events.web.markdown import dead_links
from dofc_events.web.quoted import address_in

RANK = "preference-"
LONGEST_PHONE = 40
# At most this many refused characters are shown, each with the text before it.
MAX_PLACES, SHOWN_BEFORE = 3, 20
JOINERS = "\u200c\u200d"
# As the Unicode names of their letters begin; Latin letters stand beside them, too.
WRITTEN_TOGETHER = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"}


# What browsers (the first), PowerPoint, Word and the Unicode standard end a line with.
LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")


def clean(value: str | None) -> str:
    """What a form yields for any text: composed (NFC), without invisible characters and spaces at the ends.

    Two invisible ones stay, the joiners that Persian and Indic scripts are written with.
    """
    composed = normal("NFC", value or "")
    if composed.isascii():
        return composed.strip()
    return "".join(c for c in composed if unicodedata.category(c) != "Cf" or c in JOINERS).strip()


def in_lines(text: str) -> str:
    """The text with its lines ended as we store them, whatever it was written with."""
    return LINE_ENDS.sub("\n", text)


def in_one_line(text: str) -> str:
    """The text without the line breaks of PowerPoint, which browsers let through where they drop all others."""
    return text.replace("\v", " ")


class OfAnyField(str):
    """An error that could be about any field: the summary of errors names the field."""

    names_no_field = True


class AtMost(Length):
    """At most this many characters; anything longer is not looked at further, as nobody knows what that would cost.

    Browsers are not told, because they cut what is pasted without a word.
    """

    def __init__(self, longest: int) -> None:
        super().__init__(max=longest)
        self.field_flags: dict[str, Any] = {}

    def __call__(self, form: Any, field: Field) -> None:
        if len(field.data or "") > self.max:
            raise StopValidation(OfAnyField(_("Use at most %(max)d characters.", max=self.max)))


class Between(NumberRange):
    """A number from one to another; what is none is refused in the same words."""

    def __call__(self, form: Any, field: Field) -> None:
        try:
            super().__call__(form, field)
        except ValidationError:
            words = _("Enter a whole number from %(min)s to %(max)s.", min=self.min, max=self.max)
            raise ValidationError(OfAnyField(words)) from None


def _one_line(form: Any, field: Field) -> None:
    _refuse(field.data or "", lambda c: unicodedata.category(c) in ("Cc", "Zl", "Zp"))


def _no_controls(form: Any, field: Field) -> None:
    _refuse(field.data or "", lambda c: unicodedata.category(c) == "Cc" and c not in "\n\t")


def _refuse(text: str, is_refused: Callable[[str], bool]) -> None:
    """Raise ValidationError, which shows where they are, if some characters of a text are refused."""
    found = [position for position, c in enumerate(text) if is_refused(c)]
    if found:
        where = ", ".join(_place(text, position, is_refused) for position in found[:MAX_PLACES])
        raise ValidationError(OfAnyField(_("Remove what is not allowed here: %(where)s.", where=where)))


def _place(text: str, position: int, is_refused: Callable[[str], bool]) -> str:
    names = {"\t": _("a tab"), "\n": _("a line break"), "\r": _("a line break")}
    name = names.get(text[position], f"U+{ord(text[position]):04X}")
    before = "".join(c for c in text[:position].rpartition("\n")[2] if not is_refused(c))[-SHOWN_BEFORE:].strip()
    if before:
        return str(_("%(character)s after “%(text)s”", character=name, text=before))
    line = text[:position].count("\n") + 1
    return str(_("%(character)s at the beginning of line %(line)d", character=name, line=line))


class Line(StringField):
    """One line of text in any script. Empty text is "", never None."""

    data: str

    def __init__(self, label: Any, *, longest: int, missing: Any = None, **kwargs: Any) -> None:
        presence = InputRequired(missing) if missing else Optional()
        # Length is counted after composition, as it will be stored.
        checks = [presence, AtMost(longest), _one_line, _not_blank(missing)]
        super().__init__(label, checks, filters=[lambda text: in_one_line(clean(text))], **kwargs)


class QuotedLine(Line):
    """A name that our emails quote: none that an email program would make a link of."""

    are_people = False

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if not validation_stopped and not self.errors:
            refuse_address(self.data, bare=self.are_people)


class NameLine(QuotedLine):
    """A person's name, in any script."""

    are_people = True

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        super().post_validate(form, validation_stopped)
        if validation_stopped or self.errors or not self.data:
            return
        if not any(unicodedata.category(c).startswith("L") for c in self.data):
            raise ValidationError(OfAnyField(_("Enter a name, in letters and without web addresses.")))


def refuse_address(text: str, *, bare: bool) -> None:
    """Raise ValidationError if a text that our emails quote has a web or email address in it; see `address_in`."""
    found = address_in(text or "", bare=bare)
    if found:
        words = _(
            "Remove “%(text)s”: our emails quote what you write here, so it must not contain web or email addresses. If"
            " it is not one, put a space after the full stop.",
            text=found,
        )
        raise ValidationError(OfAnyField(words))


class SlugField(Line):
    """A name for addresses; empty where one is to be made."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, longest=LONGEST_SLUG, **kwargs)

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if not validation_stopped and not self.errors and self.data and not SLUG.fullmatch(self.data):
            words = _("Use small letters from a to z, digits, and single hyphens between them.")
            raise ValidationError(OfAnyField(words))


class Paragraphs(TextAreaField):
    """Several lines of text."""

    data: str

    def __init__(self, label: Any, *, longest: int, missing: Any = None, **kwargs: Any) -> None:
        presence = InputRequired(missing) if missing else Optional()
        checks = [presence, AtMost(longest), _no_controls, _not_blank(missing)]
        super().__init__(label, checks, filters=[lambda text: in_lines(clean(text))], **kwargs)


class Prose(Paragraphs):
    """Several lines of Markdown, as `web.markdown` reads it. A link has to work, or be one of the `stand_ins`."""

    def __init__(self, label: Any, *, longest: int, stand_ins: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(label, longest=longest, **kwargs)
        self.stand_ins = stand_ins

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        links = [] if validation_stopped or self.errors else dead_links(self.data)
        dead = [address for address in links if address not in self.stand_ins]
        if dead:
            words = _(
                "This link does not work: %(address)s. Enter the whole address: https://…", address=", ".join(dead)
            )
            raise ValidationError(OfAnyField(words))


def _not_blank(missing: Any) -> Any:
    def check(form: Any, field: Field) -> None:
        if missing and not field.data:
            raise ValidationError(missing)

    return check


class EmailField(Line):
    """An email address that servers everywhere can deliver to. Nothing is looked up on the network."""

    def __init__(self, label: Any, *, missing: Any, **kwargs: Any) -> None:
        super().__init__(label, longest=254, missing=missing, **kwargs)

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if validation_stopped or self.errors:
            return
        local = (self.data or "").rpartition("@")[0]
        if not local.isascii():
            raise ValidationError(_l("Use Latin letters before the @. Is your keyboard set to another alphabet?"))
        try:
            valid = validate_email(self.data, strict=True, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise ValidationError(_l("Enter a complete email address, like name@example.org.")) from error
        mixed = mixed_label(valid.domain)
        if mixed:
            words = _("“%(text)s” mixes letters of two alphabets. Is your keyboard set to another one?", text=mixed)
            raise ValidationError(words)
        self.data = valid.normalized


def is_address(text: str) -> bool:
    """Whether an EmailField would take this."""
    try:
        valid = validate_email(text, strict=True, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return valid.local_part.isascii() and not mixed_label(valid.domain)


def mixed_label(domain: str) -> str:
    """The first part of a domain whose letters are of two scripts, or ""; East Asian ones are written together.

    Registries refuse them (Unicode Technical Standard 39, section 5.2): only their looks could deceive.
    """
    return "" if domain.isascii() else next((part for part in domain.split(".") if len(_scripts(part)) > 1), "")


def _scripts(text: str) -> set[str]:
    names = {unicodedata.name(c, "").partition(" ")[0].partition("-")[0] for c in text if c.isalpha()}
    together = names & WRITTEN_TOGETHER
    return names - WRITTEN_TOGETHER - {"LATIN"} | {"CJK"} if together else names


class WholeNumberField(IntegerField):
    """A whole number of up to nine digits; what is none has no value, which `Between` refuses in its words.

    Neither `int` nor the comparison in it is equal to the thousands of digits that somebody may send.
    """

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = re.fullmatch(r"\s*(\d{1,9})\s*", valuelist[0]) if valuelist else None
        self.data = int(typed[1]) if typed else None


class CountryField(StringField):
    """A country of ISO 3166-1 or Kosovo. Its 250 options are rendered once per language.

    For `static/js/country.js` an option carries `data-alias` (other names, separated by "|") and `data-code` (codes of
    three letters); its value is the code of two letters. What was sent and is none of them is in `data-typed`.
    """

    data: str

    def __init__(self, label: Any, *, missing: Any = None, **kwargs: Any) -> None:
        presence = InputRequired(missing) if missing else Optional()
        super().__init__(label, [presence], filters=[clean], **kwargs)
        self._no_country = missing or _l("Choose a country from the list.")

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if not validation_stopped and self.data not in country_codes():
            raise ValidationError(self._no_country)

    def __call__(self, **given: Any) -> Markup:
        options = _country_options(str(get_locale()))
        if self.data and self.data not in country_codes():
            given["data_typed"] = self.data
        elif self.data:
            marked = Markup('value="{}"').format(self.data)
            options = options.replace(marked, marked + Markup(" selected"), 1)
        return Markup("<select {}>{}</select>").format(
            Markup(html_params(id=self.id, name=self.name, required=bool(self.flags.required), **given)),  # noqa: S704
            options,
        )


@cache
def _country_options(language: str) -> Markup:
    return Markup('<option value=""></option>') + Markup("").join(
        Markup('<option value="{}" data-code="{}"{}>{}</option>').format(
            code, " ".join(three_letter_codes(code)), _aliases(code, language), name
        )
        for code, name in country_names(language).items()
    )


def _aliases(code: str, language: str) -> Markup:
    names = search_names(code, language)
    return Markup(' data-alias="{}"').format("|".join(names)) if names else Markup("")


class PhoneField(Line):
    """An optional telephone number, yielded in international form; national numbers are read by the form's country."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, longest=LONGEST_PHONE, **kwargs)

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if validation_stopped or self.errors or not self.data:
            return
        try:
            number = phonenumbers.parse(self.data, form.country.data or None)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise ValidationError(_l("Write the number with its country code, for example +381 11 123 4567."))
        formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        if len(formatted) > LONGEST_PHONE:
            raise ValidationError(_l("The number is too long with its extension: leave the extension out."))
        self.data = formatted


def prefix_of(field: Field) -> str:
    """What the names of all fields of a form within another begin with; "" in one that stands alone."""
    return str(field.name).removesuffix(field.short_name)


class RankedField(Field):
    """Choices that somebody numbers, 1 for the first; an empty number does not rank a choice.

    Reads `preference-<choice>`, in a form within another with its prefix; what was typed is kept. `check_ranks` says in
    the words of `not_whole` and `not_unique` what is wrong with the numbers. `labels` are what the choices are called.
    """

    not_whole: Any
    not_unique: Any
    labels: dict[str, str]

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        self.data = self.object_data = None
        self.labels = {}
        self.process_errors: list[str] = []
        fields, rank_ = formdata.items() if formdata else (), f"{self.prefix}{RANK}"
        sent = {name.removeprefix(rank_): text.strip() for name, text in fields if name.startswith(rank_)}
        self.typed = {choice: text for choice, text in sent.items() if text}

    @property
    def prefix(self) -> str:
        """What the names of all fields of its form begin with."""
        return prefix_of(self)

    def ranking(self) -> tuple[str, ...]:
        """What is ranked, the first choice first."""
        return tuple(sorted(self.typed, key=lambda choice: rank(self.typed[choice])))

    def sent(self) -> list[tuple[str, str]]:
        """What a browser sends of the ranking; the same for each way to write the numbers of one order."""
        return [(f"{self.prefix}{RANK}{choice}", str(number)) for number, choice in enumerate(self.ranking(), start=1)]

    def words(self) -> str:
        """The ranking as people read it, a line each."""
        return "\n".join(f"{self.typed[choice]}. {self.labels.get(choice, choice)}" for choice in self.ranking())

    def check_ranks(self) -> None:
        """Raise ValidationError unless each number is a whole one from 1 to 99, and given once."""
        ranks = [rank(text) for text in self.typed.values()]
        if not all(ranks):
            raise ValidationError(self.not_whole)
        if len(set(ranks)) < len(ranks):
            raise ValidationError(self.not_unique)


def rank(text: str) -> int:
    """The number from 1 to 99 that somebody gave a choice, in digits; 0 if the text is none, however long it is."""
    digits = text.lstrip("0")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 2 else 0


def told_reason() -> Line:
    """The reason for an act of the organisers, which the delegates read."""
    return Line(_l("Reason"), longest=500, missing=_l("Enter a reason. Delegates will see it."))
