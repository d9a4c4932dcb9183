"""What the file of an import would bring about, as its pages say it before it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.clock import in_zone, now
from dofc_events.delegates.models import Registration
from dofc_events.imports.forms import CheckedRow, asked_of_rows, checked_rows, side_by_side
from dofc_events.imports.models import ImportFile
from dofc_events.imports.queries import Likely, likely_registered, registrations_of, table_of_file
from dofc_events.imports.reading.rules import Table
from dofc_events.imports.rules import Seen
from dofc_events.mail.rules import address_key
from dofc_events.places.options.queries import questions_with_room
from dofc_events.places.queries import categories_with_places, edition_pool
from dofc_events.questions.rules import OwnQuestion, is_required
from dofc_events.registration.service import RegistrationRequest


@dataclass(frozen=True)
class Trial:
    """The rows of a file by what becomes of them, in the order of the file.

    `ready` can be registered, `doubtful` as well, but look like somebody who is, or have the address of somebody who
    has cancelled; `known` are registered already, whatever else the row says; `failing` have mistakes, an address of an
    earlier row, or find an option full. `free` counts the places, `room` those of options that are limited. `unasked`
    must be answered by delegates, and no column has it.
    """

    table: Table
    ready: Sequence[CheckedRow]
    doubtful: Sequence[tuple[CheckedRow, Sequence[Likely]]]
    known: Sequence[tuple[CheckedRow, Registration]]
    failing: Sequence[CheckedRow]
    free: int
    questions: Sequence[OwnQuestion]
    room: Mapping[int, int]
    unasked: Sequence[OwnQuestion]

    @property
    def seen(self) -> Seen:
        """What somebody agrees to who has seen it."""
        doubtful = tuple(one.row.number for one, _ in self.doubtful)
        return Seen(self.free, tuple(one.row.number for one in self.ready), doubtful)

    def requests(self, taken: set[int]) -> list[RegistrationRequest]:
        """The people to register, including the doubtful rows that were `taken`; in the order of the file."""
        some = [*self.ready, *self._among_doubtful(taken)]
        some.sort(key=lambda one: one.row.number)
        return [one.request for one in some if one.request]

    def too_many(self, taken: set[int]) -> list[CheckedRow]:
        """Those of the doubtful rows that were `taken` which find an option full, once the others have theirs."""
        rows = side_by_side([*self.ready, *self._among_doubtful(taken)], self.questions, self.room)
        return [row for row in rows if row.problems]

    @property
    def cancelled(self) -> list[CheckedRow]:
        """Those of the doubtful rows whose address belongs to somebody who has cancelled."""
        return [row for row, likely in self.doubtful if any(one.registration.ended_at for one in likely)]

    @property
    def with_dropped(self) -> list[CheckedRow]:
        """The rows that answer what does not apply to the person."""
        rows = [*self.ready, *(one for one, _ in self.doubtful)]
        return sorted((row for row in rows if row.dropped), key=lambda one: one.row.number)

    def _among_doubtful(self, taken: set[int]) -> list[CheckedRow]:
        return [one for one, _ in self.doubtful if one.row.number in taken]


def trial_of(session: Session, edition: Edition, file: ImportFile) -> Trial:
    """Try a file out, without writing anything; as many queries for a few rows as for a thousand."""
    table, on = table_of_file(file), in_zone(now(), edition.zone).date()
    present, room = questions_with_room(session, edition.id) if edition.asks_questions else ((), {})
    questions = asked_of_rows(present, on, file.matching)
    categories = categories_with_places(session, edition.id)
    rows = checked_rows(edition, categories, questions, table, file.matching, file.fallbacks)
    registered = registrations_of(session, edition.id, (row.email for row in rows if row.email))
    theirs = {row.row.number: one for row in rows if row.email and (one := registered.get(address_key(row.email)))}
    known = {number: one for number, one in theirs.items() if one.ended_at is None}
    others = [row for row in rows if row.row.number not in known]
    doubtful = likely_registered(session, edition.id, {one.row.number: one.request for one in others if one.request})
    for number in theirs.keys() - known.keys():
        doubtful[number] = [Likely(theirs[number], ()), *doubtful.get(number, ())]
    pool = edition_pool(session, edition.id)
    settled = side_by_side(others, questions, room, aside=doubtful)
    return Trial(
        table=table,
        ready=[row for row in settled if row.request and row.row.number not in doubtful],
        doubtful=[(row, doubtful[row.row.number]) for row in settled if row.request and row.row.number in doubtful],
        known=[(row, known[row.row.number]) for row in rows if row.row.number in known],
        failing=[row for row in settled if row.problems],
        free=pool.capacity - pool.taken if pool else 0,
        questions=questions,
        room=room,
        unasked=[
            one for one in present if not one.is_retired and one.field not in file.matching and is_required(one, on)
        ],
    )
