"""What was typed into a form that is refused is given back: on every page, wherever the refusal was made."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, Response, g, render_template, request
from flask_babel import get_locale
from markupsafe import escape
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import BooleanField, FieldList, FormField, HiddenField
from wtforms.fields.choices import SelectFieldBase

from dofc_events.core.countries import country_name
from dofc_events.web.fields import CountryField
from dofc_events.web.forms import Form

# Answers that say no, and rarely have the form. Where a fault is in the form itself, it comes back with its values.
REFUSED = (403, 404, 409, 413, 500, 503)
# Of a form that is too large so much is read to be given back, and so many fields, which take more room than bytes.
MAX_GIVEN_BACK, MAX_FIELDS = 4 * 1024 * 1024, 5_000
# What is in a form that no person typed, whether or not a view has got so far as to say which.
UNSEEN = ("csrf_token", "opened_with", "form_key", "accepted")
# What a box sends that is ticked.
TICKED = "y"
# One of several rows, counted from 0.
ROW = re.compile(r"-(\d{1,3})-")


def init_given_back(app: Flask) -> None:
    """Put what was typed at the end of each page that refuses a form and no longer has it."""

    @app.after_request
    def give_back(response: Response) -> Response:
        if request.method != "POST" or response.status_code not in REFUSED or response.mimetype != "text/html":
            return response
        page = response.get_data(as_text=True)
        try:
            typed = list(_typed()) if _is_ours() else []
        except (RequestEntityTooLarge, ValueError):
            return response
        if any(str(escape(text)) not in page for _label, text in typed):
            before, end, after = page.rpartition("</main>")
            response.set_data(f"{before}{render_template('errors/_typed.html', typed=typed)}{end}{after}")
        return response


def _is_ours() -> bool:
    """Whether the form comes from a page of ours, as browsers say; other sites' words have no place on one.

    The form's token does not tell: a session that has ended is a reason to be refused.
    """
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


def _typed() -> Iterator[tuple[str, str]]:
    """What a person typed, each with what it is called."""
    forms: list[Form] = g.get("forms", [])
    known = {leaf.name: leaf for form in forms for leaf in _leaves(form)}
    for name, text in _sent():
        field = known.get(name)
        if not text.strip() or name in UNSEEN or (field is None and forms):
            continue
        if isinstance(field, CountryField):
            yield str(field.label.text), country_name(text, get_locale().language)
        elif field is None:
            if text != TICKED:
                yield _called(name), text
        elif not isinstance(field, HiddenField | BooleanField | SelectFieldBase):
            yield str(field.label.text), text


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
