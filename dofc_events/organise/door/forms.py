"""The form at the door."""

from wtforms import (
    StringField,
)

from dofc_events.web.forms import Form


class ArrivalForm(Form):
    """The door's buttons: the reference of the person who has arrived, or who has not after all."""

    arrived = StringField()
    undo = StringField()
