"""The emails pages: the emails written to delegates, and their status.

Organisers see their edition's messages; the chair also has pages with all of them, sign-in messages included.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from dofc_events.accounts.guards import acting, chair_only, edition_staff, organisers_only
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.queries import registration_by_reference
from dofc_events.extensions import settings
from dofc_events.mail import outbox, queries
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.organise.rules import masked, masked_html
from dofc_events.organise.shared import EDITION, around, asked_turn, emailed, not_sent
from dofc_events.privacy.rules import GONE
from dofc_events.web.asking import be_sure
from dofc_events.web.forms import ButtonForm, answer_errors, form_page
from dofc_events.web.security import MAIL_PREVIEW_POLICY

blueprint = Blueprint("mail", __name__)

ROWS = 50

# A mail server's answer may quote what it did not like, links included.
blueprint.add_app_template_filter(masked, "hide_secrets")

View = Callable[..., ResponseReturnValue]


def mail_page(path: str, *methods: str) -> Callable[[View], View]:
    """Register a view twice: for one edition's mail, and as `all_…` (with `edition` None) for the chair."""

    def register(view: View) -> View:
        name, accepted = view.__name__, list(methods or ("GET",))
        # Delivering what was written changes nothing of an edition.
        one_edition = edition_staff(RoleName.ORGANISER, archived_too=True)(view)
        everything = chair_only(partial(view, edition=None))
        blueprint.add_url_rule(f"{EDITION}/mail{path}", name, one_edition, methods=accepted)
        blueprint.add_url_rule(f"/mail{path}", f"all_{name}", everything, methods=accepted)
        return view

    return register


@mail_page("")
def index(edition: Edition | None) -> ResponseReturnValue:
    """The messages, newest first."""
    return render_template("organise/mail/index.html", form=ButtonForm(), **_list_context(edition))


def _list_context(edition: Edition | None) -> dict[str, Any]:
    session, scope, state, words = db.session(), _scope(edition), _state(), request.args.get("q", "").strip()
    found, before = queries.messages(session, scope, state=state, words=words, turn=asked_turn(), size=ROWS)
    counts = queries.messages_by_state(session, scope, words)
    return {
        "messages": found,
        "before": before,
        "counts": counts,
        "total": counts[state] if state else sum(counts.values()),
        "state": state,
        "words": words,
        # Without what is empty, for addresses that lead to the same list.
        "narrowed": {name: value for name, value in (("q", words), ("state", state)) if value},
        "sendable": _sendable(edition),
        **_about(edition),
    }


@mail_page("/<id:message_id>")
def message(edition: Edition | None, message_id: int) -> ResponseReturnValue:
    """One email, as it was or will be sent, and its status."""
    return render_template("organise/mail/message.html", form=ButtonForm(), **_message_context(edition, message_id))


@mail_page("/<id:message_id>/html")
def message_html(edition: Edition | None, message_id: int) -> ResponseReturnValue:
    """The HTML part, under a policy that lets it do nothing; it is shown inside the message's page."""
    found = _message(edition, message_id)
    if found.text_removed_at is not None:
        abort(404)
    shown = masked_html(found.html) if settings().mail_is_delivered else found.html
    return Response(shown, mimetype="text/html", headers={"Content-Security-Policy": MAIL_PREVIEW_POLICY})


@mail_page("/<id:message_id>/send-again", "POST")
def send_again(edition: Edition | None, message_id: int) -> ResponseReturnValue:
    """Send a message once more."""
    form, found = ButtonForm(), _message(edition, message_id)
    if not form.validate_on_submit():
        return answer_errors(form, "organise/mail/message.html", **_message_context(edition, message_id))
    try:
        with unit_of_work() as session:
            outbox.send_again(session, found.id, acting(), now())
    except outbox.CannotSendAgain:
        flash(_("This email cannot be sent now: it is already being sent, or it is out of date."), "warning")
    else:
        flash(emailed(_("The email will be sent again.")), "success")
    return redirect(_address(edition, "message", message_id=message_id), 303)


@mail_page("/<id:message_id>/settle", "POST")
def settle(edition: Edition | None, message_id: int) -> ResponseReturnValue:
    """Settle a message that could not be delivered."""
    form, found = ButtonForm(), _message(edition, message_id)
    if not form.validate_on_submit():
        return answer_errors(form, "organise/mail/message.html", **_message_context(edition, message_id))
    try:
        with unit_of_work() as session:
            outbox.settle_dead(session, found.id, acting(), now())
    except outbox.NotDead:
        flash(_("There is nothing left to settle: check the email’s status."), "warning")
    else:
        flash(_("Email settled. It will not be sent and no longer counts as undelivered."), "success")
    return redirect(_address(edition, "message", message_id=message_id), 303)


@blueprint.route(f"{EDITION}/mail/send-kept", methods=["GET", "POST"])
@organisers_only
def send_kept(edition: Edition) -> ResponseReturnValue:
    """Send what was kept while there was no mail server, after asking."""
    form, scope = ButtonForm(), str(edition.year)
    if not settings().mail_is_delivered:
        flash(not_sent(), "warning")
        return redirect(url_for(".index", year=edition.year), 303)
    if not form.validate_on_submit():
        count = _sendable(edition)
        return form_page(form, "organise/mail/send_kept.html", count=count, **around(edition))
    with unit_of_work() as session:
        count = outbox.send_kept(session, scope, acting(), now())
    flash(ngettext("%(num)d email is being sent.", "%(num)d emails are being sent.", count), "success")
    return redirect(url_for(".index", year=edition.year), 303)


@mail_page("/release", "POST")
def release(edition: Edition | None) -> ResponseReturnValue:
    """Let emails leave that are held after a restore."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, "organise/mail/index.html", **_list_context(edition))
    asked = _("Deliver the emails that come from a backup?")
    meaning = _("Those that were sent after it was made will be sent a second time. They cannot be called back.")
    with unit_of_work() as session:
        outbox.end_hold(session, _scope(edition) or "", acting(), now())
        be_sure(asked, meaning, _("Deliver"), back=_address(edition, "index"), around=partial(around, edition))
    flash(_("Emails are being sent again."), "success")
    return redirect(_address(edition, "index"), 303)


def _sendable(edition: Edition | None) -> int:
    if edition is None or not settings().mail_is_delivered:
        return 0
    return queries.count_sendable(db.session(), str(edition.year), now())


def _message_context(edition: Edition | None, message_id: int) -> dict[str, Any]:
    found, delivers = _message(edition, message_id), settings().mail_is_delivered
    about = registration_by_reference(db.session(), edition.id, found.about) if edition else None
    return {
        "message": found,
        "is_nobodys": found.recipient == GONE,
        "text": masked(found.text) if delivers else found.text,
        "last_error": masked(found.last_error or ""),
        "delivers": delivers,
        "registration": about,
        "can_send": delivers and outbox.can_be_sent_again(db.session(), found, now()),
        **_about(edition),
    }


def _message(edition: Edition | None, message_id: int) -> Message:
    found = queries.message_in_scope(db.session(), message_id, _scope(edition))
    if found is None:
        abort(404)
    return found


def _about(edition: Edition | None) -> dict[str, Any]:
    return {"address": partial(_address, edition), "at": now(), **around(edition)}


def _address(edition: Edition | None, page: str, **values: Any) -> str:
    """The address of one of these pages, for the same edition or for all."""
    return url_for(f".{page}", year=edition.year, **values) if edition else url_for(f".all_{page}", **values)


def _scope(edition: Edition | None) -> str | None:
    return str(edition.year) if edition else None


def _state() -> MessageState | None:
    given = request.args.get("state", "")
    if given and given not in list(MessageState):
        abort(404)
    return MessageState(given) if given else None
