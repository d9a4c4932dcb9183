"""What the file of an import would bring about, as its pages say it before it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.delegates.models import Registration
from dofc_events.imports.forms import CheckedRow, checked_rows
from dofc_events.imports.models import ImportFile
from dofc_events.imports.queries import Likely, likely_registered, registered_addresses, table_of_file
from dofc_events.imports.reading.rules import Table
from dofc_events.imports.rules import Seen
from dofc_events.mail.rules import address_key
from dofc_events.places.queries import edition_pool
from dofc_events.registration.service import RegistrationRequest


@dataclass(frozen=True)
class Trial:
    """The rows of a file by what becomes of them, in the order of the file.

    `ready` can be registered, `doubtful` as well, but look like somebody who is; `known` are registered already;
    `failing` have mistakes. `free` counts the places.
    """

    table: Table
    ready: Sequence[CheckedRow]
    doubtful: Sequence[tuple[CheckedRow, Sequence[Likely]]]
    known: Sequence[tuple[CheckedRow, Registration]]
    failing: Sequence[CheckedRow]
    free: int

    @property
    def seen(self) -> Seen:
        """What somebody agrees to who has seen it."""
        doubtful = tuple(one.row.number for one, _ in self.doubtful)
        return Seen(self.free, tuple(one.row.number for one in self.ready), doubtful)

    def requests(self, taken: set[int]) -> list[RegistrationRequest]:
        """Whom to register, with those of the doubtful rows that were `taken`; in the order of the file."""
        some = [*self.ready, *(one for one, _ in self.doubtful if one.row.number in taken)]
        some.sort(key=lambda one: one.row.number)
        return [one.request for one in some if one.request]


def trial_of(session: Session, edition: Edition, file: ImportFile) -> Trial:
    """Try a file out, without writing anything; as many queries for a few rows as for a thousand."""
    table = table_of_file(file)
    rows = checked_rows(edition, table, file.matching, file.fallbacks)
    good = {one.row.number: one.request for one in rows if one.request}
    registered = registered_addresses(session, edition.id, (request.email for request in good.values()))
    known = {n: registered[key] for n, r in good.items() if (key := address_key(r.email)) in registered}
    likely: Mapping[int, Sequence[Likely]] = likely_registered(
        session, edition.id, {number: request for number, request in good.items() if number not in known}
    )
    pool = edition_pool(session, edition.id)
    return Trial(
        table=table,
        ready=[r for r in rows if r.request and r.row.number not in known and r.row.number not in likely],
        doubtful=[(row, likely[row.row.number]) for row in rows if row.row.number in likely],
        known=[(row, known[row.row.number]) for row in rows if row.row.number in known],
        failing=[row for row in rows if row.problems],
        free=pool.capacity - pool.taken if pool else 0,
    )
