"""What was entered in a form that is refused is given back: on every page, wherever the refusal was made."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from flask import Flask, Response, g, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import escape
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import BooleanField, FieldList, FormField, HiddenField
from wtforms.fields.choices import SelectFieldBase

from dofc_events.core.countries import country_name
from dofc_events.web.fields import CountryField, RankedField
from dofc_events.web.forms import Form

# Answers that say no, and rarely have the form. Where a fault is in the form itself, it comes back with its values.
REFUSED = (403, 404, 409, 413, 500, 503)
# Of a form that is too large so much is read to be given back, and so many fields, which take more room than bytes.
MAX_GIVEN_BACK, MAX_FIELDS = 4 * 1024 * 1024, 5_000
# What is in a form that no person typed, whether or not a view has got so far as to say which.
UNSEEN = ("csrf_token", "opened_with", "form_key", "accepted")
# What a box sends that is ticked.
TICKED = "y"
# In these one chooses, and does not type.
CHOICES = (BooleanField, RankedField, SelectFieldBase)
# One of several rows, counted from 0.
ROW = re.compile(r"-(\d{1,3})-")


def init_given_back(app: Flask) -> None:
    """Put what was entered at the end of each page that refuses a form and no longer has what was typed into it."""

    @app.after_request
    def give_back(response: Response) -> Response:
        if request.method != "POST" or response.status_code not in REFUSED or response.mimetype != "text/html":
            return response
        page = response.get_data(as_text=True)
        try:
            given = list(_given()) if _is_ours() else []
        except (RequestEntityTooLarge, ValueError):
            return response
        if any(one.is_typed and str(escape(one.text)) not in page for one in given):
            before, end, after = page.rpartition("</main>")
            response.set_data(f"{before}{render_template('errors/_given.html', given=given)}{end}{after}")
        return response


def _is_ours() -> bool:
    """Whether the form comes from a page of ours, as browsers say; other sites' words have no place on one.

    The form's token does not tell: a session that has ended is a reason to be refused.
    """
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


class _Given(NamedTuple):
    label: str
    text: str
    is_typed: bool = True


def _given() -> Iterator[_Given]:
    """What a person typed or chose, each with what it is called; what was chosen only in the words of its form."""
    forms: list[Form] = g.get("forms", [])
    known = {leaf.name: leaf for form in forms for leaf in _leaves(form)}
    offered = {name: _offered(field) for name, field in known.items() if isinstance(field, CHOICES)}
    for name, text in _sent():
        field = known.get(name)
        if not text.strip() or name in UNSEEN or (field is None and forms):
            continue
        if field is None:
            if text != TICKED:
                yield _Given(_called(name), text)
        elif isinstance(field, CountryField):
            yield _Given(str(field.label.text), country_name(text, get_locale().language))
        elif name in offered:
            if text in offered[name]:
                yield _Given(str(field.label.text), offered[name][text], is_typed=False)
        elif not isinstance(field, HiddenField):
            yield _Given(str(field.label.text), text)
    for field in known.values():
        if isinstance(field, RankedField) and field.typed:
            yield _Given(str(field.label.text), field.words(), is_typed=False)


def _offered(field: Any) -> dict[str, str]:
    """What can be chosen in a field: by what is sent of it, in words."""
    if isinstance(field, BooleanField):
        return {TICKED: str(_("Yes"))} if field.label.text else {}
    if isinstance(field, RankedField):
        return field.labels
    return {str(one.value): str(one.label) for one in field.iter_choices()}


def _called(name: str) -> str:
    """What a field is called whose form nobody has made: "Categories 1, label" for `categories-0-label`."""
    numbered = ROW.sub(lambda row: f" {int(row[1]) + 1}, ", name)
    return numbered.replace("-", ", ").replace("_", " ").capitalize()


def _sent() -> list[tuple[str, str]]:
    """All fields of the form. Raises ValueError or RequestEntityTooLarge if they are too many, or too long."""
    try:
        return list(request.form.items(multi=True))
    except RequestEntityTooLarge:
        request.max_content_length = request.max_form_memory_size = MAX_GIVEN_BACK
        if request.mimetype == "multipart/form-data":
            return list(request.form.items(multi=True))
        return parse_qsl(request.get_data(as_text=True), max_num_fields=MAX_FIELDS)


def _leaves(fields: Any) -> Iterator[Any]:
    for field in fields:
        if isinstance(field, FieldList | FormField):
            yield from _leaves(field)
        else:
            yield field
