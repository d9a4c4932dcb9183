"""Forms that change what is stored, so that nobody overwrites what others have saved since.

Such a form carries a digest of each value that it was opened with. When it is sent, three values are compared: that
one, what is stored by then, and what was typed. What was not changed in the form stays as it is stored. What both
changed is refused once, with both versions side by side; sent again, the form decides.

Between this comparison and the service's lock somebody may still save: services are given what was compared with, and
raise `ChangedMeanwhile` if that is no longer what is stored, and the view then starts over (`core.db.tried_again`).
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, FieldList, FormField, HiddenField, SelectMultipleField
from wtforms.fields.choices import SelectFieldBase

from dofc_events.core.countries import country_names
from dofc_events.web.fields import CountryField, clean
from dofc_events.web.forms import Form


class OpenedWith(HiddenField):
    """The digests of the values that an EditForm was opened with, by field."""

    data: dict[str, str]

    def process_data(self, value: Any) -> None:
        self.data = {}

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            sent = json.loads(valuelist[0]) if valuelist else {}
        except (ValueError, RecursionError):
            sent = {}
        self.data = {str(name): str(digest) for name, digest in sent.items()} if isinstance(sent, dict) else {}

    def _value(self) -> str:
        return json.dumps(self.data or self._form.stored().digests(), separators=(",", ":"))


class EditForm(Form):
    """A form that changes what is stored; what it begins with is what is stored.

    A form that does not say what it was opened with, as a program may send it, means all that it says. Fields that say
    `whose` the others are keep what was typed about one person from being saved of another. `gone` are the names of
    choices that may have been offered when it was opened, and no longer are.
    """

    whose: tuple[str, ...] = ()
    gone: Mapping[str, str] = {}

    opened_with = OpenedWith()

    def digests(self) -> dict[str, str]:
        """A digest of what each field holds."""
        return {field.name: _digest(field) for field in self._fields_to_edit()}

    def stored(self) -> Any:
        """The form as it would be if nothing had been typed."""
        if self.opened_with.raw_data is None:
            return self
        return type(self)(formdata=None, data={field.name: field.object_data for field in self})

    def validate(self, extra_validators: Any = None) -> bool:
        refused = self._merge()
        valid = super().validate(extra_validators)
        for field, text in refused:
            field.errors = [*field.errors, text]
        return valid and not refused

    def _merge(self) -> list[tuple[Any, str]]:
        """Take what is stored where the form changed nothing; returns the fields that both changed, and why not."""
        stored, opened, nothing = self.stored(), self.opened_with.data, _digest(None)
        refused, others, is_edited = [], [], False
        present, parts = stored.digests(), {part.name: part for part in stored._fields_to_edit()}
        for field in self._fields_to_edit():
            typed, now = _digest(field), present.get(field.name, nothing)
            # A field that was not on the form when it was opened has not been changed in it.
            before = opened.get(field.name, typed) if opened else now
            if typed == before != now and not getattr(field, "is_an_act", False):
                field.process(MultiDict(sent(parts.get(field.name))), field.object_data)
                others += [(field, _now_of_another())] if field.name in self.whose else []
            elif typed != now != before:
                field.meanwhile = _words(parts.get(field.name), field, self.gone)
                field.yours = _words(field, field, self.gone)
                refused.append((field, _changed_since()))
            is_edited = is_edited or typed != before
        if is_edited:
            refused += others[:1]
        # When it is sent again, the form knows what is stored now.
        self.opened_with.data = present
        return refused

    def _fields_to_edit(self) -> Iterator[Any]:
        """What is compared: a field, or each part of one that says that it has `parts`, which are like fields."""
        for field in self:
            if not isinstance(field, HiddenField):
                yield from field.parts() if hasattr(field, "parts") else (field,)


def _changed_since() -> str:
    text: str = _(
        "This has been changed since you opened the page. Compare the two versions, enter the right one and save again."
    )
    return text


def _now_of_another() -> str:
    text: str = _(
        "This has been changed since you opened the page, and may be somebody else now. Nothing has been saved: save "
        "again only if what you typed is about them."
    )
    return text


def _digest(field: Any) -> str:
    """Two fields have the same if a browser sends the same of them; of what is empty it may send nothing."""
    values: dict[str, list[str]] = {}
    for name, value in sent(field):
        values.setdefault(name, []).append(_composed(value))
    said = json.dumps([(name, sorted(some)) for name, some in values.items() if any(some)])
    return sha256(said.encode()).hexdigest()[:12]


def sent(field: Any) -> list[tuple[str, str]]:
    """What a browser sends of a field; nothing of one that is not there."""
    if field is None:
        return []
    if hasattr(field, "sent"):
        return list(field.sent())
    return [(leaf.name, value) for leaf in leaves(field) for value in _values(leaf)]


def leaves(field: Any) -> Iterator[Any]:
    if isinstance(field, FieldList | FormField):
        for part in field:
            yield from leaves(part)
    else:
        yield field


def _values(field: Any) -> list[str]:
    """What was sent of a field or, if it comes from no browser, what one would send of it."""
    if field.raw_data is not None:
        return [str(value) for value in field.raw_data]
    if isinstance(field, BooleanField):
        return ["y"] if field.data else []
    if isinstance(field, SelectMultipleField):
        return [str(value) for value in field.data or ()]
    if isinstance(field, SelectFieldBase):
        return [] if field.data is None else [str(field.data)]
    return [field._value()]


def _composed(text: str) -> str:
    return clean(text.replace("\r\n", "\n"))


def _words(field: Any, shown: Any, gone: Mapping[str, str]) -> str:
    """What a field holds, as people read it; `shown` is the field of the form, which knows its choices."""
    if hasattr(field, "words"):
        return str(field.words())
    if isinstance(field, FieldList | FormField):
        rows = [_words(part, part, gone) for part in field if not isinstance(part, HiddenField)]
        return ("\n" if isinstance(field, FieldList) else " · ").join(row for row in rows if row)
    if isinstance(field, BooleanField):
        return str(_("Ticked") if field.data else _("Not ticked"))
    values = _values(field)
    if isinstance(field, CountryField):
        names = country_names(get_locale().language)
        return ", ".join(names.get(value, value) for value in values)
    if isinstance(field, SelectFieldBase):
        labels = {**gone, **{str(option.data): option.label.text for option in shown}}
        return "\n".join(str(labels.get(value, value)) for value in values)
    return "\n".join(values)
