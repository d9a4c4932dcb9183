"""The text that proposers agree to: kept word for word."""

from flask_babel import gettext as _

from dofc_events.hosting.models import HostingCall, Proposal


def consent_text(call: HostingCall, proposal: Proposal | None = None) -> str:
    """The text that proposers consent to; it is kept word for word. Who did, with a `proposal`, is shown the same."""
    is_public = call.proposals_public
    if proposal and proposal.consented_at:
        is_public = proposal.public_agreed_at is not None
    readers = (
        _("Everyone can read it on this site, without your contact details, the budget and the attachments.")
        if is_public
        else _("It is not public. Once the ballot is over, the cities and organisations on the shortlist are public.")
    )
    text: str = _(
        "The network uses what you write here to decide who hosts the %(call)s. Its chair and its reviewers read all of"
        " it; the members' representatives read what is on the shortlist, without your contact details. %(readers)s"
        " You can change it until the call closes, and withdraw it until the decision, using the link that we email"
        " you.",
        call=call.name,
        readers=readers,
    )
    return text
