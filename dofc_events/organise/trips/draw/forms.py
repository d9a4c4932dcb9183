"""The form that publishes a draw."""

from wtforms import (
    HiddenField,
)

from dofc_events.web.forms import Form


class PublishDrawForm(Form):
    """The button that publishes a draw; `digest` says which, so that only what somebody saw is published."""

    digest = HiddenField()
