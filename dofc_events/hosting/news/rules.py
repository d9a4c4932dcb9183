"""What needs the chair's attention in a call."""

import enum
from collections.abc import Iterator, Mapping

from dofc_events.hosting.rules import ProposalStatus
from dofc_events.hosting.stages.rules import Act, Stage, allows


class CallMatter(enum.StrEnum):
    """What a line about a call is about."""

    UNSETTLED = "hosting_unsettled"
    RECEIVED = "hosting_received"
    WITHDRAWN = "hosting_withdrawn"
    NO_SHORTLIST = "hosting_no_shortlist"
    DECIDE = "hosting_decide"


def matters_of(stage: Stage, numbers: Mapping[ProposalStatus, int], unsettled: int) -> Iterator[tuple[CallMatter, int]]:
    """What needs attention at this stage, each with a number of proposals.

    `numbers` are the proposals by status, of those withdrawn only what had been submitted; `unsettled` how many wait
    for the chair to say whether they are a member's: until then they cannot be on the shortlist.
    """
    submitted, listed = numbers.get(ProposalStatus.SUBMITTED, 0), numbers.get(ProposalStatus.SHORTLISTED, 0)
    received = submitted + numbers.get(ProposalStatus.UNDER_REVIEW, 0) + listed
    if unsettled:
        yield CallMatter.UNSETTLED, unsettled
    if received and stage in (Stage.OPEN, Stage.CLOSED):
        yield CallMatter.RECEIVED, received
    if withdrawn := numbers.get(ProposalStatus.WITHDRAWN, 0):
        yield CallMatter.WITHDRAWN, withdrawn
    if received > unsettled and not listed and allows(Act.SET_SHORTLIST, stage):
        yield CallMatter.NO_SHORTLIST, received - unsettled
    if allows(Act.DECIDE, stage):
        yield CallMatter.DECIDE, received
