"""Templates into envelopes, in the recipient's language; and the one place where links in emails are made."""

import re
import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import css_inline
from flask import current_app
from flask_babel import force_locale

from dofc_events.extensions import settings
from dofc_events.mail.envelope import Attachment, Envelope, StoredFile
from dofc_events.mail.rules import greeted

# The length of a line of plain text, in characters.
WIDTH = 76

_BEGINNINGS = re.compile(r"((?:> )*)( *(?:[-*+•] |\d{1,9}\. )*)")

_INLINER = css_inline.CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)


def link(endpoint: str, **values: Any) -> str:
    """The full address of a page, on BASE_URL: never on the Host of a request, which its sender chooses."""
    base = urlsplit(settings().base_url)
    urls = current_app.url_map.bind(base.netloc, script_name=base.path or "/", url_scheme=base.scheme)
    return urls.build(endpoint, values, force_external=True)


def render_message(
    template: str,
    *,
    kind: str,
    language: str,
    recipient: str,
    recipient_name: str,
    sender_name: str,
    reply_to: str | None = None,
    scope: str = "",
    about: str = "",
    attachments: Sequence[Attachment | StoredFile] = (),
    expires_at: datetime | None = None,
    **context: Any,
) -> Envelope:
    """Render the three files of `templates/email/<template>/` with `context`."""
    with force_locale(language):
        subject, text, html = (
            current_app.jinja_env.get_template(f"email/{template}/{part}").render(
                language=language, recipient_name=greeted(recipient_name), **context
            )
            for part in ("subject.txt", "body.txt", "body.html")
        )
    return Envelope(
        kind=kind,
        language=language,
        recipient=recipient,
        recipient_name=_one_line(recipient_name),
        sender_name=_one_line(sender_name),
        reply_to=reply_to,
        subject=_one_line(subject),
        text=_wrapped(text),
        html=_INLINER.inline(html),
        scope=scope,
        about=about,
        attachments=tuple(attachments),
        expires_at=expires_at,
    )


def _wrapped(text: str) -> str:
    """At most WIDTH characters a line, but never a broken link; at most one empty line in a row."""
    joined = "\n".join(
        line.rstrip()
        if len(line) <= WIDTH
        else textwrap.fill(line, WIDTH, subsequent_indent=_below(line), break_long_words=False, break_on_hyphens=False)
        for line in text.splitlines()
    )
    return re.sub(r"\n{3,}", "\n\n", joined).strip() + "\n"


def _below(line: str) -> str:
    """What the next line of an item of a list, or of a quotation, begins with."""
    quoted, marker = _BEGINNINGS.match(line).groups()  # type: ignore[union-attr]
    return quoted + " " * len(marker)


def _one_line(text: str) -> str:
    return " ".join(text.split())
