"""Why a letter is not sent, or changed, in words."""

from flask_babel import gettext as _

from dofc_events.core.errors import Refusal
from dofc_events.letters import service
from dofc_events.letters.models import Letter
from dofc_events.letters.rules import LetterState


def why_not(refusal: Refusal) -> str:
    """The words for what the service refused; raises what they do not know."""
    reasons: dict[type[Refusal], str] = {
        service.NobodyToWriteTo: _("Nobody is in this audience now, so there is nobody to send it to."),
        service.AudienceChanged: _(
            "The audience has changed since you opened this page. Check the new number before you send the letter."
        ),
        service.TooLate: _("The time of this letter has passed: edit it, and send it now or choose a later time."),
        service.FarOff: _("The day of this letter is more than a year after the edition: edit it."),
        service.DateMissing: _(
            "The edition does not have the date that this letter’s time depends on: enter it in the settings, or "
            "edit the letter."
        ),
    }
    if type(refusal) not in reasons:
        raise refusal
    return reasons[type(refusal)]


def why_not_editable(found: Letter) -> str:
    """Why the text of a letter can no longer be changed, or not here."""
    if found.before:
        return str(_("The text of this letter comes from the edition’s settings: change the place or time there."))
    words: dict[LetterState, str] = {
        LetterState.STOPPED: _("This letter has been stopped, so it can no longer be edited."),
        LetterState.DROPPED: _("This draft has been deleted, so it can no longer be edited."),
        LetterState.WRITTEN: _("This letter has been sent, so it can no longer be edited."),
    }
    return str(words.get(found.state, _("This letter is being sent, so it can no longer be edited.")))
