"""Forms for people of a learning trip: one added, several moved or taken off."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, StringField
from wtforms.validators import InputRequired

from dofc_events.registration.trips.many.queries import People, Selection
from dofc_events.registration.trips.many.rules import Aim
from dofc_events.registration.trips.many.service import Move
from dofc_events.web.fields import Line
from dofc_events.web.forms import Form

# In place of a slug, and before one.
TAKE_OFF, WAIT = "-", "~"


def _reason() -> Line:
    return Line(_l("Reason"), longest=300, missing=_l("Enter a reason. It is kept with the registration."))


class AddPersonForm(Form):
    """Somebody to be given a seat by hand; `enlarge` adds one for them if all are taken.

    `which` is the reference of one of those who are found by a name.
    """

    person = Line(
        _l("Name, reference or email address"),
        longest=254,
        missing=_l("Enter a name, a reference or an email address."),
    )
    which = RadioField(_l("Which of them?"), choices=[], validate_choice=False)
    enlarge = BooleanField(_l("Add one seat, only for this person"))
    reason = _reason()


class MoveForm(Form):
    """What becomes of people who are on a trip or waiting for it.

    `to` is the slug of a trip, WAIT and the slug of one to wait for, or TAKE_OFF. `digest` stands for whom the page
    shows, `accepted` for whom it said to be left out.
    """

    to = RadioField(_l("What to do"), [InputRequired(_l("Choose what to do."))])
    enlarge = BooleanField(_l("If the trip is full, add the missing seats, only for them"))
    fewer = BooleanField("")
    reason = _reason()
    quiet = BooleanField(_l("Save without telling them"))
    digest = HiddenField()
    accepted = StringField()

    def shown(self, selection: Selection) -> str:
        """The digest of what the sent form's page had said; from here on the form has that of what is said now."""
        digest, self.digest.data = self.digest.data or "", selection.digest
        return digest

    def move(self, people: People, digest: str) -> Move:
        """What is wanted, of those whom the page with this digest had shown."""
        to, because, accepted = self.to.data, self.reason.data, self.accepted.data or ""
        aim = Aim.OFF if to == TAKE_OFF else Aim.WAIT if to.startswith(WAIT) else Aim.SEAT
        slug = "" if aim is Aim.OFF else to.removeprefix(WAIT)
        said = {name: self[name].data for name in ("enlarge", "fewer", "quiet")}
        return Move(people, digest, aim, slug, because, accepted=accepted, **said)
