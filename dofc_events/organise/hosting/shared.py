"""Shared by all pages for the people who run the network: who may see them, and what is around them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dofc_events.accounts.guards import View, grants, is_chair, signed_in
from dofc_events.accounts.rules import MEMBER_ROLES, Access, RoleName, access_to_edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.service import refuse_archived
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.hosting.hand_over.queries import hand_over_sides
from dofc_events.hosting.models import HostingCall
from dofc_events.hosting.queries import call_by_year, organisations_of, proposals_of
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.mail.queries import mail_health

DESK = "/hosting"


CALL = f"{DESK}/calls/<year:year>"


def around() -> dict[str, Any]:
    """What every page here has around it: no edition, and for the chair whether mail goes out."""
    return {"edition": None, "mail_health": mail_health(db.session(), now()) if is_chair() else None}


def call_of(year: int) -> HostingCall:
    """The call for hosts of that year; 404 if there is none."""
    return call_by_year(db.session(), year) or abort(404)


def withdrawn_names(call: HostingCall) -> dict[str, str]:
    """The names of a call's proposals that were withdrawn, by reference: a form may have been opened before."""
    withdrawn = proposals_of(db.session(), call.id, (ProposalStatus.WITHDRAWN,))
    return {proposal.reference: f"{proposal.proposer}, {proposal.city}" for proposal in withdrawn}


def network_only(*allowed: RoleName) -> Callable[[View], View]:
    """Only for the chair, and for those who have one of the `allowed` roles for any organisation."""

    def guard(view: View) -> View:
        @wraps(view)
        @signed_in
        def guarded(**values: Any) -> ResponseReturnValue:
            if not is_chair() and not organisations_of(db.session(), current_user.id, now(), *allowed):
                abort(403)
            return view(**values)

        return guarded

    return guard


everybodys = network_only(*MEMBER_ROLES)


readers_only = network_only(RoleName.BOARD)


def hosts_only(view: View) -> View:
    """Only for the chair and the organisers of an edition and of the one before it, with what each can tick off.

    The view is given that edition as `coming`, in place of `year`, and as `sides` what it hands over for.
    """

    @wraps(view)
    @signed_in
    def guarded(*, year: int, **values: Any) -> ResponseReturnValue:
        coming = edition_by_year(db.session(), year)
        if coming is None:
            abort(404)
        sides = hand_over_sides(db.session(), current_user.id, coming, now())
        if not sides:
            hidden = access_to_edition(grants(), coming.id, ()) is Access.HIDDEN
            abort(404 if hidden else 403)
        if request.method == "POST":
            refuse_archived(coming)
        return view(coming=coming, sides=sides, **values)

    return guarded
