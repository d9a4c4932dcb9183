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

# What the columns of a table are called on the page "my data", where somebody has several rows of it. The page of one
# registration goes by the meanings of the table of what is kept.
COLUMNS: dict[str, dict[str, Text]] = {
    "search_words": {"word": _l("Word")},
    "tags": {"word": _l("Tag")},
    "likely_doubles": {"told_apart_at": _l("Marked as a different person")},
    "untold_news": {"news": _l("News"), "since": _l("Since"), "due_at": _l("To be sent")},
    "answers": {
        "text": _l("Answer"),
        "choice": _l("Answer"),
        "waits": _l("Waiting for a place of it"),
        "media_type": _l("Kind of file"),
        "size": _l("Size in bytes"),
    },
    "claims": {
        "status": _l("Status"),
        "position": _l("Order in the line: a lower number comes first"),
        "offered_at": _l("Offered"),
        "offered_until": _l("Offered until"),
        "remind_at": _l("Reminder"),
        "changed_at": _l("Last changed"),
        "preference": _l("Order of preference"),
        "used_at": _l("First arrived"),
        "position_before": _l("Order in the line before it ended"),
        "is_hold": _l("Held until it is confirmed"),
        "by_email": _l("Confirmed by a link in an email"),
        "untold": _l("Changed without an email"),
        "party": _l("Waits together with a group"),
    },
    "arrivals": {"day": _l("Day"), "at": _l("Time")},
    "messages": {
        "text": _l("Text"),
        "attachments": _l("Attached files"),
        "recipient": _l("To"),
        "recipient_name": _l("Name"),
        "subject": _l("Subject"),
        "reply_to": _l("Replies go to"),
        "last_error": _l("What the mail server answered"),
        "about": _l("Reference"),
        "kind": _l("Kind of email"),
        "queued_at": _l("Written"),
        "sent_at": _l("Sent"),
        "state": _l("State"),
    },
    "audit_entries": {
        "actor": _l("By whom"),
        "about": _l("Reference"),
        "details": _l("Details"),
        "at": _l("When"),
        "act": _l("What happened"),
    },
    "co_hosts": {"email": _l("Email address")},
    "attachments": {
        "name": _l("Name"),
        "media_type": _l("Kind of file"),
        "size": _l("Size in bytes"),
        "added_at": _l("Added"),
    },
    "questions": {"text": _l("Text"), "written_at": _l("Written")},
    "roles": {"role": _l("Role"), "ends_at": _l("Ends")},
    "digests": {"often": _l("How often"), "looked_at": _l("Last looked"), "told": _l("Told of")},
    "put_off": {"key": _l("What"), "until": _l("Until")},
    "reviews": {"written_at": _l("Written")},
    "scores": {"score": _l("Score"), "note": _l("Note")},
    "sign_in_links": {"expires_at": _l("Valid until"), "used_at": _l("Used")},
    "browser_sessions": {
        "browser": _l("Browser"),
        "began_at": _l("Signed in"),
        "awaits": _l("Has not given a second factor"),
        "factor_at": _l("Second factor given"),
    },
    "factors": {
        "kind": _l("Kind"),
        "name": _l("Name"),
        "added_at": _l("Added"),
        "used_at": _l("Last used"),
        "last_step": _l("Number of the last code"),
        "sign_count": _l("How often it was used"),
    },
    "group_invitations": {
        "name": _l("Name"),
        "email": _l("Email address"),
        "invited_at": _l("Invited"),
        "reminded_at": _l("Reminded"),
    },
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
