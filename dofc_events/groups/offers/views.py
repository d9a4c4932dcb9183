"""The page on which a contact takes places for several people at once."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.groups.queries import group_by_proof, offered_to, token_of_group
from dofc_events.groups.shared import acting_for, answer_late
from dofc_events.groups.together.service import confirm_places
from dofc_events.registration.rules import link_has_ended
from dofc_events.registration.service import RegistrationOver
from dofc_events.web.errors import LinkNotValid
from dofc_events.web.forms import ButtonForm, form_page

blueprint = Blueprint("offers", __name__)


@blueprint.route("/groups/<token>/confirm", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """Behind the link in the email alone, which proves the contact's address."""
    group = group_by_proof(db.session(), token)
    if group is None or link_has_ended(group.edition.finishes_at(), now()):
        raise LinkNotValid
    form, own_token = ButtonForm(), token_of_group(group)
    if not form.validate_on_submit():
        offered = offered_to(db.session(), group, now())
        words = {"edition": group.edition, "token": own_token, "proof": token, "people": offered, "at": now()}
        return form_page(form, "groups/confirm.html", **words)
    try:
        with unit_of_work() as session:
            number = confirm_places(session, group.id, acting_for(group), now())
    except RegistrationOver:
        number = 0
    if not number:
        return answer_late(group, own_token)
    flash(ngettext("%(num)d place is confirmed.", "%(num)d places are confirmed.", number), "success")
    return redirect(url_for("groups.index", token=own_token), 303)
