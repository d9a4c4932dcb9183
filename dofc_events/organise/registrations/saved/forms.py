"""The form that saves a view."""

from flask_babel import lazy_gettext as _l

from dofc_events.registration.saved.models import LONGEST_NAME
from dofc_events.web.fields import Line
from dofc_events.web.forms import Form


class SaveViewForm(Form):
    """Under which name the list is saved as it stands; what it shows is in the form's address."""

    name = Line(_l("Name of this view"), longest=LONGEST_NAME, missing=_l("Enter a name for the view."))
