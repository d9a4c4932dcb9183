"""How long what names a person is kept: the periods, and who may change them. Pure decisions."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

# What stands where a name or an address stood. No person has it, and no email goes to it.
GONE = "(removed)"
# Ten years: longer than any purpose that the site knows.
MAX_DAYS = 3650
MONTHS = 12


class Period(enum.StrEnum):
    """What ends together. Days are counted from the end of the edition unless the table says otherwise."""

    NEEDS = "needs"
    PHONE = "phone"
    VISA = "visa"
    EMAILS = "emails"
    NAMES = "names"


DEFAULT_DAYS = {Period.NEEDS: 30, Period.PHONE: 30, Period.VISA: 90, Period.EMAILS: 365, Period.NAMES: 730}


@dataclass(frozen=True)
class Periods:
    """How many days each period has: the network's, and by the edition's id what organisers have shortened."""

    network: Mapping[Period, int] = field(default_factory=lambda: DEFAULT_DAYS)
    shorter: Mapping[int, Mapping[Period, int]] = field(default_factory=dict)

    def days(self, period: Period, edition_id: int | None = None) -> int:
        """Never more than the network's, whatever was chosen for the edition before the network shortened it."""
        most = self.network[period]
        return min(most, self.shorter.get(edition_id or 0, {}).get(period, most))

    def ends_at(self, period: Period, since: datetime, edition_id: int | None = None) -> datetime:
        """When a period that began at `since` is over."""
        return since + timedelta(days=self.days(period, edition_id))


def in_months(days: int) -> int | None:
    """A period of whole years in months, as people say it; None for one that is better said in days."""
    return days // 365 * MONTHS if days and days % 365 == 0 else None
