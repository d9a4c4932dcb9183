"""Pure decisions about what a delegate may do, and when."""

import enum
from datetime import datetime

# From how many people on the messages of one act are written by the worker, in batches of this size.
BATCH = 50


class Outcome(enum.StrEnum):
    """What sending the registration form led to."""

    REGISTERED = "registered"
    SENT_BEFORE = "sent_before"
    OTHER_ANSWERS = "other_answers"
    ADDRESS_KNOWN = "address_known"


def details_are_frozen(freezes_at: datetime | None, is_over: bool, has_ended: bool, now: datetime) -> bool:
    """Whether a delegate's details are read-only: after the freeze date, after the edition, after cancelling."""
    return has_ended or is_over or (freezes_at is not None and now >= freezes_at)
