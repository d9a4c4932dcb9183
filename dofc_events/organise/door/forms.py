"""The form at the door."""

from wtforms import (
    StringField,
)

from dofc_events.web.forms import Form


class ArrivalForm(Form):
    """The door's buttons: the reference of who is in, or of who is not after all."""

    arrived = StringField()
    undo = StringField()
