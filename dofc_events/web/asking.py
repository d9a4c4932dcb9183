"""Asks before what no other button can bring back: files that are removed, roles that end, links that stop working."""

from collections.abc import Callable
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _

from dofc_events.core.errors import NotAgreed, ask_first
from dofc_events.web.forms import ButtonForm

# What each form has of its own; all else that was sent with the button is sent again with the answer.
OF_THE_PAGE = ("csrf_token", "accepted")


class NotSure(Exception):
    """A person has not been asked yet about what a button does. `said` is what the page says that asks."""

    def __init__(self, around: Callable[[], dict[str, Any]], **said: str) -> None:
        super().__init__(said["asked"])
        self.around, self.said = around, said


def agreed() -> str:
    """The digest of what somebody agreed to with this form, or ""."""
    return request.form.get("accepted", "")


def be_sure(asked: str, meaning: str, act: str, *, back: str, around: Callable[[], dict[str, Any]] = dict) -> None:
    """Undo the unit of work that this stands in, and ask, unless the person has agreed to exactly this.

    It comes last in there, so that nobody is asked about what would be refused. The question names what goes, `act` is
    the button that does it, and `back` where nothing changes; `around` is what such pages show besides.
    """
    try:
        ask_first(agreed(), [asked, meaning])
    except NotAgreed as refusal:
        raise NotSure(around, asked=asked, meaning=meaning, act=act, back=back, digest=refusal.digest) from refusal


def be_sure_of_file(asked: str, *, back: str, around: Callable[[], dict[str, Any]] = dict) -> None:
    """The same about a file that is removed."""
    meaning = _("The file will be deleted from this site. If you may need it again, open it and save it first.")
    be_sure(asked, meaning, _("Remove the file"), back=back, around=around)


def ask(doubt: NotSure) -> str:
    """The page that asks."""
    sent = [(name, value) for name, value in request.form.items(multi=True) if name not in OF_THE_PAGE]
    return render_template("layout/sure.html", form=ButtonForm(), sent=sent, **doubt.around() | doubt.said)
