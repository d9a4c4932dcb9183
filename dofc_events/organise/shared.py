"""What all areas of the organisers' pages share: addresses, what stands around a page, what a list is narrowed to."""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from typing import Any

from flask import Response, abort, request
from flask_babel import gettext as _

from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.countries import country_codes
from dofc_events.core.db import db
from dofc_events.core.pages import Turn
from dofc_events.extensions import settings
from dofc_events.mail.queries import mail_health
from dofc_events.organise.rules import is_day, is_moment
from dofc_events.places.rules import PLACE_STATUSES
from dofc_events.questions.rules import ANY, FIELD, KEYED, NO, NONE, ON, WAITING, YES, Kind, OwnQuestion, pairs_in
from dofc_events.questions.texts import waiting_for
from dofc_events.registration.queries import FLAGS, Audience, Filters
from dofc_events.web.converters import LARGEST_ID
from dofc_events.web.dates import day
from dofc_events.web.errors import gone

EDITION = "/editions/<year:year>"
# A key, also of who waits for an option, or what stands for any answer or none; or a day.
ANSWER = re.compile(rf"[a-z0-9_-]{{1,60}}({WAITING})?|\*|{ON}\d{{4}}-\d\d-\d\d")

# After the name of a question's field, the one that asks for a day.
OF_DAY = ":on"


def around(edition: Edition | None) -> dict[str, Any]:
    """What every organiser's page shows: which edition it is about, and whether emails are being sent.

    What could not be delivered counts where it can be seen to: on the pages of its edition, and on the chair's.
    """
    scopes = None if edition is None else (str(edition.year),)
    return {"edition": edition, "mail_health": mail_health(db.session(), now(), scopes)}


def nobody(back: str, label: str) -> Response:
    """What is answered where no registration has the reference: it may have had it until it was erased."""
    return gone(_("Nobody has this reference"), _("The registration may have been erased."), back, label)


def not_sent() -> str:
    """What becomes of emails where none leaves."""
    text: str = _("No mail server is set up, so emails are kept and not sent.")
    return text


def emailed(said: str) -> str:
    """`said`, if emails leave: it says who will get one."""
    return said if settings().mail_is_delivered else not_sent()


def before_id() -> int | None:
    """Where the page of a list begins: below the last row of the page before."""
    return id_in_address("after")


def asked_turn() -> Turn:
    """Which page of a list that stands newest first the address asks for."""
    return Turn(older_than=id_in_address("after"), newer_than=id_in_address("before"))


def id_in_address(name: str) -> int | None:
    """The id that this parameter gives, as near as an id can be; None if it gives none."""
    given = request.args.get(name, type=int)
    return None if given is None else max(0, min(given, LARGEST_ID))


def asked_filters() -> Filters:
    """The filters in the address of the list of registrations; 404 for values no registration can have."""
    names = [field.name for field in fields(Filters)]
    given = {name: request.args.get(name, "").strip() for name in names}
    allowed: dict[str, Callable[[str], bool]] = {
        "status": lambda value: value in PLACE_STATUSES,
        "country": lambda value: value in country_codes(),
        "since": is_moment,
        "arrived": lambda value: value in (YES, NO) or is_day(value),
        **dict.fromkeys(FLAGS, lambda value: value == "1"),
    }
    given["answers"] = _asked_answers(given["answers"])
    if any(given[name] and not is_allowed(given[name]) for name, is_allowed in allowed.items()):
        abort(404)
    return Filters(**given)


def _asked_answers(text: str) -> str:
    """What the list is narrowed to by answers: together in `answers`, or each by the name of its question's field."""
    own = {name.removeprefix(FIELD): value for name, value in request.args.items() if name.startswith(FIELD)}
    # A day has a field of its own: what is typed there goes before what was chosen.
    days = {name.removesuffix(OF_DAY): f"{ON}{own.pop(name)}" for name in [*own] if name.endswith(OF_DAY)}
    wanted = dict(pairs_in(text)) | own | {name: asked for name, asked in days.items() if asked != ON}
    if not all(ANSWER.fullmatch(part) for part in (*wanted.keys(), *filter(None, wanted.values()))):
        abort(404)
    if not all(is_day(answer.removeprefix(ON)) for answer in wanted.values() if answer.startswith(ON)):
        abort(404)
    return " ".join(f"{key}:{answer}" for key, answer in wanted.items() if answer)


def answer_choices(question: OwnQuestion, chosen: str | None = None) -> dict[str, str]:
    """What a list can be narrowed to by a question: its answers, those no longer offered too, or any, or none.

    Of all days the one alone that is `chosen`.
    """
    if question.kind is Kind.FILE:
        return {ANY: _("Added"), NONE: _("Not added")}
    words = {YES: _("Yes"), NO: _("No")} | {option.key: option.caption for option in question.options}
    found = {key: words[key] for key in question.answers} if question.kind in KEYED else {ANY: _("Answered")}
    found |= {one.key + WAITING: waiting_for(one.caption) for one in question.options if one.waiting_list}
    if chosen and chosen.startswith(ON):
        found[chosen] = day(date.fromisoformat(chosen.removeprefix(ON)))
    return found | {NONE: _("No answer")}


def asked_audience() -> Audience:
    """The people the address means: all that it leaves on the list or, where it picks references, those of them."""
    return Audience(asked_filters(), tuple(dict.fromkeys(request.args.getlist("pick"))))
