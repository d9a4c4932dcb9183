"""Periods in words."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dofc_events.privacy.rules import Period, Periods, in_months

# What gettext gives, at once or when it is read.
Text = Any

PERIODS: dict[Period, Text] = {
    Period.NEEDS: _l("Dietary and access needs"),
    Period.PHONE: _l("Telephone numbers"),
    Period.VISA: _l("Data for visas"),
    Period.EMAILS: _l("What emails said"),
    Period.NAMES: _l("Everything else that names a person"),
}


def duration_of(days: int) -> Text:
    """A period as people say it."""
    months = in_months(days)
    if months:
        return ngettext("%(num)d month", "%(num)d months", months)
    return ngettext("%(num)d day", "%(num)d days", days)


def kept_in_one_line(periods: Periods, edition_id: int) -> Text:
    """What the registration form says."""
    days = {period: duration_of(periods.days(period, edition_id)) for period in Period}
    return _(
        "We remove your dietary and access needs %(needs)s after the conference, and your name and everything else that"
        " says who you are after %(names)s.",
        needs=days[Period.NEEDS],
        names=days[Period.NAMES],
    )
