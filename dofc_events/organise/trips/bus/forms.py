"""The form at the bus."""

from wtforms import (
    StringField,
)

from dofc_events.web.forms import Form


class BoardingForm(Form):
    """The manifest's buttons: the reference of the person who boarded, or who did not after all."""

    board = StringField()
    undo = StringField()
