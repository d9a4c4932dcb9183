"""The acts of a call's trail, and the words for each."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dofc_events.core.audit import AuditEntry
from dofc_events.core.changes import Difference
from dofc_events.hosting.stages.rules import DATES
from dofc_events.organise.rules import masked_details
from dofc_events.organise.trail.texts import TrailLine
from dofc_events.web.dates import as_recorded

# What gettext gives, at once or when it is read.
Text = Any
Said = Mapping[str, Any]

FIELDS = {
    "text": _l("Text of the call"),
    "zone": _l("Time zone"),
    "quorum": _l("Quorum"),
    "proposals_public": _l("Everyone can read the proposals"),
    "opens_at": _l("The call opens"),
    "closes_at": _l("The call closes"),
    "review_opens_at": _l("Reviews begin"),
    "review_closes_at": _l("Reviews end"),
    "ballot_opens_at": _l("The ballot opens"),
    "ballot_closes_at": _l("The ballot closes"),
}
# Too long to quote: the trail says only that it has changed.
NOT_SAID = ("text",)


def _with(name: str, words: Text) -> Callable[[Said], Text]:
    return lambda said: str(words) % {name: said.get(name, "")}


def _counted(said: Said) -> Text:
    return ngettext("Counted %(num)d ballot", "Counted %(num)d ballots", said.get("ballots", 0))


def _opened(said: Said) -> Text:
    return ngettext(
        "Opened the ballot: %(num)d member can vote",
        "Opened the ballot: %(num)d members can vote",
        said.get("members", 0),
    )


def _announced(said: Said) -> Text:
    if not said.get("accepted"):
        return _("Announced that no proposal is accepted")
    return _("Announced that %(reference)s is accepted", reference=said["accepted"])


# Every act that is recorded of a call for hosts, and how it is told.
ACTS: dict[str, Text | Callable[[Said], Text]] = {
    "call_opened": _l("Created the call"),
    "call_changed": _l("Changed the call"),
    "call_extended": _l("Extended the call"),
    "call_closed": _l("Closed the call early"),
    "call_deleted": _l("Deleted the call"),
    "criteria_changed": _l("Changed the criteria"),
    "review_begun": _l("Began the review early"),
    "proposal_begun": _l("Started a proposal"),
    "draft_ended": _l("Deleted a draft that had not been changed for 60 days"),
    "proposal_changed": _l("Changed the proposal"),
    "proposal_submitted": _l("Submitted the proposal"),
    "proposal_withdrawn": _l("Withdrew the proposal"),
    "proposal_public": _l("Agreed that everyone can read the proposal"),
    "proposal_not_public": _l("Withdrew the agreement that everyone can read the proposal"),
    "proposal_under_review": _l("Put the proposal under review"),
    "proposal_shortlisted": _l("Put the proposal on the shortlist"),
    "proposal_off_shortlist": _l("Took the proposal off the shortlist"),
    "proposal_accepted": _l("Accepted the proposal"),
    "proposal_declined": _l("Declined the proposal"),
    "proposal_links_sent": _l("Asked for the link again, and was sent it"),
    "proposal_links_refused": _l("Asked for the link again, but was not sent it"),
    "attachment_added": _with("name", _l("Attached “%(name)s”")),
    "attachment_removed": _with("name", _l("Removed the file “%(name)s”")),
    "co_host_confirmed": _with("name", _l("“%(name)s” confirmed that it is a co-host")),
    "membership_settled": _l("Settled whether the proposer is a member"),
    "person_erased": _l("Everything that named the proposer was erased"),
    "conflict_declared": _with("reason", _l("Declared a conflict of interest: %(reason)s")),
    "question_asked": _l("Asked the proposer a question"),
    "question_answered": _l("Answered a question"),
    "review_given": _l("Reviewed the proposal"),
    "review_changed": _l("Changed a review"),
    "ballot_opened": _opened,
    "ballot_cast": _with("member", _l("Cast the ballot of %(member)s")),
    "ballot_changed": _with("member", _l("Changed the ballot of %(member)s")),
    "ballot_counted": _counted,
    "decision_prepared": _l("Prepared a decision"),
    "decision_announced": _announced,
}


def line_of(entry: AuditEntry, zone: str) -> TrailLine:
    """An entry of a call's trail in words; times are those of `zone`. No link in it acts for anybody."""
    words = ACTS.get(entry.act, entry.act.replace("_", " ").capitalize())
    sentence = words(masked_details(entry.details)) if callable(words) else words
    particulars = _changes(masked_details(entry.changes), zone) if entry.act.startswith("call_") else []
    return TrailLine(entry.id, entry.at, entry.actor, entry.act, entry.about, str(sentence), particulars)


def _changes(changes: Difference, zone: str) -> list[str]:
    return [
        FIELDS[name]
        if name in NOT_SAID
        else _(
            "%(field)s: %(before)s → %(after)s",
            field=FIELDS.get(name, name),
            before=_value(name, before, zone),
            after=_value(name, after, zone),
        )
        for name, (before, after) in changes.items()
    ]


def _value(name: str, value: Any, zone: str) -> Any:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return as_recorded(value, zone) if name in DATES else value
