"""What every form shares: the CSRF token, and the answers to a form that is not accepted."""

import hmac
from typing import Any

from flask import Response, g, make_response, render_template, request
from flask import session as browser
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, MultipleFileField
from werkzeug.datastructures import CombinedMultiDict
from wtforms import ValidationError
from wtforms.csrf.core import CSRF
from wtforms.i18n import DummyTranslations

from dofc_events.core.references import hash_secret, new_secret

# Twenty people who each write as much as they may, in letters of twelve bytes on the way, take 0.7 MB; a proposal in a
# script of nine bytes a letter half of this.
LARGEST_LONG_FORM = 1024 * 1024


def allow_long_form() -> None:
    """Let the form of this request be longer than others may be. Before anything reads it."""
    request.max_content_length = request.max_form_memory_size = LARGEST_LONG_FORM


def csrf_token() -> str:
    """What a form of this browser carries: as long as its session, which is signed, lasts, and no other browser's."""
    if "csrf_token" not in browser:
        browser["csrf_token"] = new_secret()
    return str(browser["csrf_token"])


def of_this_browser(form_key: str) -> str:
    """What is stored of a form's one-time key: from another browser the same key is another one."""
    return hash_secret(f"{csrf_token()}.{form_key}")


class _Words(DummyTranslations):
    """What WTForms says, in our words: nobody sends what a page does not offer, unless it did when it was opened."""

    def gettext(self, string: str) -> str:
        if "valid choice" not in string:
            return string
        text: str = _("What you chose can no longer be chosen, because something has changed meanwhile. Choose again.")
        return text


class _TokenOfSession(CSRF):
    def generate_csrf_token(self, csrf_token_field: Any) -> str:
        return csrf_token()

    def validate_csrf_token(self, form: Any, field: Any) -> None:
        if not hmac.compare_digest(str(field.data or "").encode(), csrf_token().encode()):
            raise ValidationError


class Form(FlaskForm):
    """A form of ours. Its CSRF token lives as long as the session.

    No form is accepted from a client that has sent too many (see `web.errors`): it is shown again with its values.
    """

    class Meta(FlaskForm.Meta):
        csrf_class = _TokenOfSession

        def get_translations(self, form: Any) -> DummyTranslations:
            return _Words()

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            # What is no form, such as JSON, was not typed into one.
            if request.is_json:
                return request.form
            # Few forms of ours take files; a text field that is sent as one would yield what is no text.
            wrapped = super().wrap_formdata(form, formdata)
            return request.form if isinstance(wrapped, CombinedMultiDict) else wrapped

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if "formdata" not in kwargs:
            # Where a form is refused, those that read it say what is what in it (see `web.given_back`).
            g.setdefault("forms", []).append(self)

    def validate(self, extra_validators: Any = None) -> bool:
        if "retry_after" in g:
            self.form_errors = [_wait(g.retry_after)]
            return False
        return bool(super().validate(extra_validators))


class UploadForm(Form):
    """A form that takes files."""

    class Meta(Form.Meta):
        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            return FlaskForm.Meta.wrap_formdata(self, form, formdata)


class ButtonForm(Form):
    """A form that is only a button: what it does is in its address."""


def form_page(form: FlaskForm, template: str, **context: Any) -> ResponseReturnValue:
    """The form's page: as it is first shown, or after it was sent and not accepted."""
    if form.is_submitted():
        return answer_errors(form, template, **context)
    return render_template(template, form=form, **context)


def answer_errors(form: FlaskForm, template: str, **context: Any) -> ResponseReturnValue:
    """The form again with what was typed and what is wrong: 422; 400 for a bad CSRF token; 429 for too many."""
    if "retry_after" in g:
        return answer_too_many(form, g.retry_after, template, **context)
    if "csrf_token" in form.errors:
        form.form_errors = [
            _(
                "Nothing has been saved yet, because you have signed in since you opened this page."
                " Nothing you typed has been lost: please send it again."
            )
            if current_user.is_authenticated
            else _(
                "Nothing has been saved yet, because this page was open for too long, or your browser blocks cookies."
                " Nothing you typed has been lost: please send it again."
            )
        ]
        _ask_for_files_again(form)
        return render_template(template, form=form, **context), 400
    return render_template(template, form=form, **context), 422


def answer_too_late(form: FlaskForm, text: str, template: str, **context: Any) -> ResponseReturnValue:
    """403 with the form and its values: what was typed can be copied, and sent again should that be possible."""
    form.form_errors = [text]
    return render_template(template, form=form, **context), 403


def answer_nothing_to_do(form: FlaskForm, template: str, **context: Any) -> ResponseReturnValue:
    """A page that has no form, because there is nobody to do it for; 409 if it was sent: others were quicker."""
    return render_template(template, form=form, **context), 409 if form.is_submitted() else 200


def answer_busy(form: FlaskForm, retry_after: int, template: str, **context: Any) -> Response:
    """503 with Retry-After (seconds) and the form with its values: others are served first."""
    form.form_errors = [_("Many people are sending files just now. Nothing is lost: try again in a minute.")]
    _ask_for_files_again(form)
    response = make_response(render_template(template, form=form, **context), 503)
    response.headers["Retry-After"] = str(retry_after)
    return response


def answer_too_many(form: FlaskForm, retry_after: int, template: str, **context: Any) -> Response:
    """429 with Retry-After (seconds) and the form with its values; 503 if it is not the sender's doing."""
    form.form_errors = [_wait(retry_after)]
    _ask_for_files_again(form)
    response = make_response(render_template(template, form=form, **context), 503 if "unavailable" in g else 429)
    response.headers["Retry-After"] = str(retry_after)
    return response


def _ask_for_files_again(form: FlaskForm) -> None:
    # No browser takes a file's name back into the form.
    for field in form:
        if isinstance(field, FileField | MultipleFileField) and field.data:
            files = field.data if isinstance(field.data, list) else [field.data]
            field.errors = [_("Choose “%(name)s” again.", name=file.filename) for file in files]


def _wait(seconds: int) -> str:
    if "unavailable" in g:
        said: str = _("This could not be saved right now; that is our fault. Please send it again in a minute.")
        return said
    minutes = max(1, round(seconds / 60))
    text: str = ngettext(
        "Too many attempts in a short time. Nothing has been lost: try again in about a minute.",
        "Too many attempts in a short time. Nothing has been lost: try again in about %(num)d minutes.",
        minutes,
    )
    return text
