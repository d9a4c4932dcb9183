"""What changed about seats, and how many messages one act writes itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from dofc_events.trips.rules import Reason

# From how many people on the messages of one act are written by the worker, in batches of this size.
BATCH = 50
TRIP_MOMENTS = ("starts_at", "ends_at")


@dataclass(frozen=True)
class TripFacts:
    """The facts of a trip that everyone on it must know."""

    title: str
    meeting_point: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class SeatNews:
    """What changed about a seat: `before` is its status until then, "" if there was none.

    `was` is what was said of its trip until then, of what everyone on it must know: by name, as JSON has it.
    """

    before: str
    reason: Reason
    was: Mapping[str, str] = field(default_factory=dict)

    def former(self, trip: Any) -> TripFacts:
        """The trip's facts as the delegate knew them until now."""
        now = TripFacts(trip.title, trip.meeting_point, trip.starts_at, trip.ends_at)
        was: dict[str, Any] = {
            name: datetime.fromisoformat(value) if name in TRIP_MOMENTS else value for name, value in self.was.items()
        }
        return replace(now, **was)


Seats = Mapping[int, SeatNews]
